import { FunctionError } from "../errors.ts";

/**
 * Chooses whose metadata counts for a call's grants.
 *
 * @param setting METADATA_ORGANIZATION: `user`, `grant`, or an organization's id.
 * @param userOrganization The organization that the user belongs to, if the call names it.
 * @returns A function from the organization that gave a grant to the one whose mapping counts for it.
 * @throws {FunctionError} If the user's organization counts and the call does not name it.
 */
export function chooseOrganization(
  setting: string,
  userOrganization: string | undefined,
): (resourceOwner: string) => string {
  if (setting === "grant") return (resourceOwner) => resourceOwner;
  if (setting !== "user") return () => setting;
  if (userOrganization) return () => userOrganization;
  throw new FunctionError(
    "invalid_payload",
    "Cannot tell whose metadata counts: the payload names the user's organization neither at org.id nor at user.resource_owner",
  );
}

/**
 * Reports whether an organization's metadata can count at all. Events of others
 * need no action.
 *
 * @param setting METADATA_ORGANIZATION: `user`, `grant`, or an organization's id.
 */
export function canCount(setting: string, organization: string): boolean {
  return setting === "user" || setting === "grant" || setting === organization;
}

/**
 * Reports whether an organization's metadata counts though it is not the user's
 * own: then it must not decide whether the user can log in.
 */
export function isForeign(
  setting: string,
  organization: string,
  userOrganization: string | undefined,
): boolean {
  return setting === "grant" && organization !== userOrganization;
}
