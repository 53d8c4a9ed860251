import { login, type Tokens } from "../zitadel/login.ts";
import type { CheckContext } from "./checks.ts";
import type { Application, Person } from "./scenario.ts";

/** Logs a person in, as the recordings did. */
export function logIn(
  { subject }: CheckContext,
  { who, app, scope = "openid offline_access" }: {
    who: Person;
    app: Application;
    scope?: string;
  },
): Promise<Tokens> {
  const { loginClientToken } = subject;
  if (loginClientToken === undefined) {
    throw new Error("People cannot log in without a login client's token");
  }
  return login(subject.origin, { ...app, ...who, scope, loginClientToken });
}

/** Asks the token endpoint, for grant types that the login helpers lack. */
export async function requestToken(
  origin: string,
  form: Record<string, string>,
  authorization?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${origin}/oauth/v2/token`, {
    method: "POST",
    headers: { ...(authorization !== undefined && { authorization }) },
    body: new URLSearchParams(form),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`The token endpoint refused: ${JSON.stringify(answer)}`);
  }
  return answer;
}

/**
 * Returns `true` for a signed JWT. Opaque access tokens are plain text up to
 * v4.13.1, and encrypted JWTs of five parts on main of July 2026.
 */
export function isJwt(token: string): boolean {
  return token.split(".").length === 3;
}

/** Reads a JWT's claims without verifying it. */
export function claimsOf(jwt: string): Record<string, unknown> {
  return partOf(jwt, 1);
}

/** Reads the header of a JWT or of an encrypted JWT. */
export function headerOf(jwt: string): Record<string, unknown> {
  return partOf(jwt, 0);
}

function partOf(jwt: string, index: number): Record<string, unknown> {
  const bytes = Uint8Array.fromBase64(jwt.split(".")[index]!, {
    alphabet: "base64url",
  });
  return JSON.parse(new TextDecoder().decode(bytes));
}
