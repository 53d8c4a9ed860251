import type { Config } from "../../lib/config/settings.ts";
import type { Instance } from "../zitadel/client.ts";
import { listManagersOf } from "../zitadel/managers.ts";
import type { Facts } from "./facts.ts";
import type { Report } from "./finding.ts";

/** The manager roles that have `org.write`, as seen on v3.4.9 and v4.13.1. */
const WRITING_ROLES: ReadonlySet<string> = new Set([
  "IAM_OWNER",
  "IAM_ORG_MANAGER",
  "ORG_OWNER",
  "ORG_SETTINGS_MANAGER",
]);

/** Lists who may write the mapping: managers of the instance, and of the organization that holds it. */
export async function listMappingWriters(
  admin: Instance,
  { metadataOrganization: setting }: Pick<Config, "metadataOrganization">,
): Promise<string[]> {
  const isFixed = setting !== "user" && setting !== "grant";
  const managers = [
    ...await listManagersOf(admin, undefined),
    ...isFixed ? await listManagersOf(admin, setting) : [],
  ];
  const writers = managers.flatMap(({ loginName, isMachine, roles }) => {
    const writing = roles.filter((role) => WRITING_ROLES.has(role));
    const kind = isMachine ? "service user" : "user";
    return writing.length > 0
      ? [`${kind} ${loginName} (${writing.join(", ")})`]
      : [];
  });
  return isFixed
    ? writers
    : [...writers, "each organization's ORG_OWNER and ORG_SETTINGS_MANAGER"];
}

export function judgeWriters({ writers }: Facts, report: Report): void {
  if (!writers) return;
  const { value, problem } = writers;
  report("writers", "note", problem?.text ?? "managers with org.write", {
    items: value ?? [],
  });
}
