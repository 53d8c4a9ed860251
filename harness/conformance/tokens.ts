import { clientCredentials, login, type Tokens } from "../zitadel/login.ts";
import { REDIRECT_URI } from "../zitadel/scratch_organization.ts";
import type { Run } from "./check.ts";

/** Who logs in, and where. */
export interface Login {
  /** A person of the scenario; without one the service user. */
  readonly who?: string;
  readonly app?: string;
  /** Can name what it needs the ids of. */
  readonly scope?: string;
}

export function logIn(
  run: Run,
  { who, app = "storefront", scope = "openid offline_access" }: Login,
): Promise<Tokens> {
  const { origin, loginClientToken, id, suffix } = run;
  if (who === undefined) {
    const machine = run.serviceUser("ci-runner");
    return clientCredentials(origin, {
      ...machine,
      scope: run.withIds(scope),
    });
  }
  if (loginClientToken === undefined) {
    throw new Error("People cannot log in without a login client's token");
  }
  return login(origin, {
    clientId: id(`client ${app}`),
    redirectUri: REDIRECT_URI,
    loginName: `${who}-${suffix}`,
    password: id("password"),
    loginClientToken,
    scope: run.withIds(scope),
  });
}

/** Asks the token endpoint, for errors and grant types that the login helpers lack. */
export async function requestToken(
  origin: string,
  form: Record<string, string>,
  client?: { readonly clientId: string; readonly clientSecret: string },
): Promise<{ readonly status: number; readonly body: Record<string, string> }> {
  const response = await fetch(`${origin}/oauth/v2/token`, {
    method: "POST",
    headers: client ? basic(client.clientId, client.clientSecret) : {},
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: await response.json() };
}

export function basic(clientId: string, secret: string) {
  return { authorization: `Basic ${btoa(`${clientId}:${secret}`)}` };
}

export function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}
