import type { Settings } from "../cli/settings.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  listOrganizations,
  type Organization,
  ownOrganization,
} from "../zitadel/organization.ts";

/**
 * Finds the organization whose metadata takes the mapping: the one that the
 * operator names, else the one in METADATA_ORGANIZATION, else the token's own.
 *
 * @throws {Error} If it does not exist or may not be read; the message names the
 * option or setting to check.
 */
export async function findMappingOrganization(
  instance: Instance,
  { org, settings }: {
    readonly org: string | undefined;
    readonly settings: Settings;
  },
): Promise<Organization> {
  const fixed = fixedOrganization(settings);
  const id = org ?? fixed;
  if (id === undefined) return await ownOrganization(instance);
  const [organization] = await listOrganizations(instance, { id });
  if (organization !== undefined) return organization;
  throw new Error(
    `Cannot read the organization ${id}: it does not exist, or the token's user may not read it. Check ${
      org === undefined ? "METADATA_ORGANIZATION" : "--org"
    } (console: Organization > Resource ID)`,
  );
}

/** The organization in METADATA_ORGANIZATION, if it is one for all users. */
export function fixedOrganization(settings: Settings): string | undefined {
  const value = settings.METADATA_ORGANIZATION?.trim();
  return value === "user" || value === "grant" ? undefined : value || undefined;
}
