import type { Config } from "./settings.ts";
import type { LogEntry } from "../observability/log.ts";

/** Lists what to log at the start about settings that are valid. */
export function remarksOn(config: Config): readonly LogEntry[] {
  const { metadataOrganization, origin, internalOrigin, projects } = config;
  const isPerTenant = ["user", "grant"].includes(metadataOrganization);
  const name = internalOrigin ? "ZITADEL_INTERNAL_URL" : "ZITADEL_DOMAIN";
  return [
    isPerTenant && {
      level: "info" as const,
      message:
        "Anyone who may write an organization's metadata decides what its users' roles permit",
      setting: `METADATA_ORGANIZATION=${metadataOrganization}`,
      remedy:
        "If you do not trust those administrators with that, set METADATA_ORGANIZATION to the id of one organization",
    },
    projects === undefined && {
      level: "info" as const,
      message:
        "Roles of every project count, also of projects that belong to customers",
      setting: "PROJECTS is unset",
      remedy:
        "If others than you own projects on this instance, set PROJECTS to the ids of yours",
    },
    !isEncrypted(internalOrigin ?? origin) && {
      level: "warn" as const,
      message: "The service user's token travels to ZITADEL unencrypted",
      setting: `${name}=http://...`,
      remedy: "Use https, unless the network between the two is your own",
    },
  ].filter((remark) => remark !== false);
}

/** Reports whether what travels to an origin is encrypted, or stays on this machine. */
function isEncrypted(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === "https:" || hostname === "localhost" ||
    hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}
