import { login, type Tokens } from "../zitadel/login.ts";
import { REDIRECT_URI } from "../zitadel/scratch_organization.ts";
import type { Run } from "./check.ts";

/** Logs a person of the scenario in; the scope can name what it needs the ids of. */
export function logIn(
  { origin, loginClientToken, id, suffix, password, withIds }: Run,
  { who, app = "storefront", scope = "openid offline_access" }: {
    readonly who: string;
    readonly app?: string | undefined;
    readonly scope?: string | undefined;
  },
): Promise<Tokens> {
  if (loginClientToken === undefined) {
    throw new Error("People cannot log in without a login client's token");
  }
  return login(origin, {
    clientId: id(`client ${app}`),
    redirectUri: REDIRECT_URI,
    loginName: `${who}-${suffix}`,
    password,
    scope: withIds(scope),
    loginClientToken,
  });
}
