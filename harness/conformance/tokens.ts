import { login, type Tokens } from "../zitadel/login.ts";
import type { CheckContext } from "./checks.ts";
import { PASSWORD, REDIRECT_URI } from "./scenario.ts";

/** Logs a person of the scenario in. */
export function logIn(
  { subject, scenario }: CheckContext,
  { who, app, scope = "openid offline_access" }: {
    readonly who: string;
    readonly app: string;
    readonly scope?: string | undefined;
  },
): Promise<Tokens> {
  const { loginClientToken } = subject;
  if (loginClientToken === undefined) {
    throw new Error("People cannot log in without a login client's token");
  }
  return login(subject.origin, {
    clientId: scenario.id(`client ${app}`),
    redirectUri: REDIRECT_URI,
    loginName: `${who}-${scenario.suffix}`,
    password: PASSWORD,
    scope,
    loginClientToken,
  });
}

/** Asks the token endpoint, for grant types that the login helpers lack. */
export async function requestToken(
  origin: string,
  form: Record<string, string>,
  authorization?: string,
): Promise<void> {
  const response = await fetch(`${origin}/oauth/v2/token`, {
    method: "POST",
    headers: { ...(authorization !== undefined && { authorization }) },
    body: new URLSearchParams(form),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`The token endpoint refused: ${answer}`);
}

type Claims = Record<string, unknown>;

/**
 * Reads the header of a JWT without verifying it, and its claims. Encrypted JWTs
 * of five parts have none; opaque access tokens of main of July 2026 are such.
 */
export function partsOf(
  jwt: string,
): readonly [header: Claims, claims?: Claims] {
  const [header, claims, ...others] = jwt.split(".");
  const decoded = (part: string | undefined) =>
    JSON.parse(
      new TextDecoder().decode(
        Uint8Array.fromBase64(part ?? "", { alphabet: "base64url" }),
      ),
    );
  return others.length === 1
    ? [decoded(header), decoded(claims)]
    : [decoded(header)];
}
