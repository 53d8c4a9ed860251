import { FunctionError } from "../errors.ts";
import type { FunctionCall } from "../request/payload.ts";

/**
 * Says whose metadata counts for a call's grants.
 *
 * @param setting METADATA_ORGANIZATION: `user`, `grant`, or an organization's id.
 * @param call The call.
 * @returns Gives the organization's id for a grant, by the organization that gave it.
 * @throws {FunctionError} Where the call does not name the user's organization and that one counts.
 */
export function chooseOrganization(
  setting: string,
  call: FunctionCall,
): (resourceOwner: string) => string {
  if (setting === "grant") return (resourceOwner) => resourceOwner;
  if (setting !== "user") return () => setting;
  // SAML's payload has no `org`; a user belongs to the user's resource owner.
  const organization = call.org?.id ?? call.user?.resource_owner;
  if (organization) return () => organization;
  throw new FunctionError(
    "invalid_payload",
    "The payload does not name the user's organization, neither at org.id nor at user.resource_owner",
  );
}
