import { FunctionError } from "../errors.ts";

/**
 * Refuses a call if a claim of ours is already in the token. ZITADEL runs the
 * Actions v1 of the user's organization before it calls the function, and keeps
 * the claims that those set: the reply could not replace them, and the
 * organization's administrator would decide what its users may do.
 *
 * @param userinfo The claims so far (`userinfo` of the payload).
 * @param options The names of the claims that the function sets, and the user's organization for the log.
 * @throws {FunctionError} `upstream_failed` if one of the names is taken.
 */
export function refuseTakenClaims(
  userinfo: Readonly<Record<string, unknown>> | null | undefined,
  { names, organization }: {
    readonly names: readonly (string | undefined)[];
    readonly organization: string | undefined;
  },
): void {
  if (!userinfo) return;
  const taken = names.find((name) =>
    name !== undefined && Object.hasOwn(userinfo, name)
  );
  if (taken === undefined) return;
  throw new FunctionError(
    "upstream_failed",
    `Cannot set the claim ${taken}: an action (Actions v1) of the user's organization has set it, and ZITADEL keeps the first value`,
    {
      reason: "replaced_claim",
      remedy:
        "Remove the action from the organization's flow Complement Token, or rename the claim (PERMISSIONS_CLAIM, ROLES_CLAIM); keep interruptOnError on, or ZITADEL issues the token with the action's value",
      ...(organization !== undefined && { organization }),
    },
  );
}
