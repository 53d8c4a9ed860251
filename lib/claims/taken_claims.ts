import { FunctionError } from "../errors.ts";
import { foldName } from "../util/claim_name.ts";

/**
 * Refuses a call if a claim of ours is already in the token, or one that some
 * consumers take for ours. ZITADEL runs the Actions v1 of the user's
 * organization before it calls the function, and keeps the claims that those
 * set: the reply could not replace them, and the organization's administrator
 * would decide what its users may do.
 *
 * @throws {FunctionError} `replaced_claim` if one of the names is taken, whatever its value.
 */
export function refuseTakenClaims(
  userinfo: Readonly<Record<string, unknown>> | null | undefined,
  { names, organization }: {
    readonly names: ReadonlySet<string>;
    readonly organization: string | undefined;
  },
): void {
  for (const name of Object.keys(userinfo ?? {})) {
    if (!names.has(foldName(name))) continue;
    throw new FunctionError(
      "upstream_failed",
      `Cannot set the claim ${
        foldName(name)
      }: an action (Actions v1) of the user's organization has set it, and ZITADEL keeps the first value`,
      { reason: "replaced_claim", organization },
    );
  }
}
