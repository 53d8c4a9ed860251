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
 */
export async function findMappingOrganization(
  instance: Instance,
  { org, settings }: {
    readonly org: string | undefined;
    readonly settings: Settings;
  },
): Promise<Organization> {
  const fixed = fixedOrganization(settings);
  if (org !== undefined) return await findOrganization(instance, org, "--org");
  return fixed === undefined
    ? await ownOrganization(instance)
    : await findOrganization(instance, fixed, "METADATA_ORGANIZATION");
}

/**
 * Finds an organization by its id.
 *
 * @throws {Error} If it does not exist or may not be read; the message names the
 * option or setting to check.
 */
export async function findOrganization(
  instance: Instance,
  id: string,
  from: string,
): Promise<Organization> {
  const [organization] = await listOrganizations(instance, { id });
  if (organization !== undefined) return organization;
  throw new Error(
    `Cannot read the organization ${id}: it does not exist, or the token's user may not read it. Check ${from} (console: Organization > Resource ID)`,
  );
}

/** The organization in METADATA_ORGANIZATION, if it is one for all users. */
export function fixedOrganization(settings: Settings): string | undefined {
  return fixedBy(settings.METADATA_ORGANIZATION?.trim());
}

/** The organization that a value of METADATA_ORGANIZATION names, if it is one for all users. */
export function fixedBy(value: string | undefined): string | undefined {
  return value === "user" || value === "grant" ? undefined : value || undefined;
}
