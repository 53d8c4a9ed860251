import {
  type Credential,
  CREDENTIAL_SETTINGS,
  type ServiceAccountKey,
} from "../config/credential.ts";
import {
  type Answer,
  jsonOf,
  judgeForeignAnswer,
  readAnswer,
} from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { upstreamError, UpstreamFault } from "./upstream_fault.ts";

/** How long a token lives if ZITADEL does not say, in seconds. */
const DEFAULT_LIFETIME_SECONDS = 300;

/** How long the assertion of a JWT profile is valid; ZITADEL takes up to an hour. */
const ASSERTION_LIFETIME_SECONDS = 5 * 60;

/**
 * How old the assertion says it is. ZITADEL refuses one that comes more than
 * 2 s from the future, so a clock that is a little fast must not matter.
 */
const ASSERTION_AGE_SECONDS = 60;

/** Without this audience ZITADEL answers every API call with 401. */
const SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud";

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** A token with all of ZITADEL's claims has some 2 kB. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** The OAuth errors that ZITADEL answers if it does not accept a credential. */
const REFUSALS: ReadonlySet<string> = new Set([
  "invalid_client",
  "invalid_grant",
  "invalid_request",
  "invalid_scope",
  "unauthorized_client",
  "unsupported_grant_type",
]);

/** A credential that tokens are requested with. */
export type RequestCredential = Exclude<
  Credential,
  { kind: "personal_access_token" }
>;

/** Requests a bearer token from ZITADEL, or throws a `FunctionError`. */
export async function requestToken(
  credential: RequestCredential,
  connection: ZitadelConnection,
): Promise<{ readonly token: string; readonly lifetimeMs: number }> {
  const { issuer, baseUrl } = connection;
  const signal = connection.startDeadline();
  try {
    const oauth = await import("oauth4webapi");
    const isKey = credential.kind === "jwt_profile";
    // Built from the address at which ZITADEL is reached, never discovered.
    const server = { issuer, token_endpoint: `${baseUrl}/oauth/v2/token` };
    const client = {
      client_id: isKey ? credential.key.userId : credential.clientId,
    };
    const response = await oauth.genericTokenEndpointRequest(
      server,
      client,
      isKey ? oauth.None() : oauth.ClientSecretPost(credential.clientSecret),
      isKey ? JWT_BEARER : "client_credentials",
      {
        scope: SCOPE,
        ...isKey && { assertion: await sign(credential.key, connection) },
      },
      {
        [oauth.customFetch]: connection.fetch,
        [oauth.allowInsecureRequests]: baseUrl.startsWith("http:"),
        signal,
      },
    );
    const answer = await readAnswer(response, MAX_ANSWER_BYTES);
    const json = jsonOf(answer);
    if (answer.status !== 200 || json === undefined) {
      throw judgeRefusal(answer, credential, connection);
    }
    const { access_token, expires_in = DEFAULT_LIFETIME_SECONDS } = await oauth
      .processGenericTokenEndpointResponse(server, client, Response.json(json))
      .catch((cause) => {
        const seen = "the answer has no token";
        throw new UpstreamFault("unreadable_answer", seen, { cause });
      });
    return { token: access_token, lifetimeMs: expires_in * 1_000 };
  } catch (error) {
    throw upstreamError(error, {
      action: "Cannot get a token for the service user",
      connection,
      credential: CREDENTIAL_SETTINGS[credential.kind],
      signal,
    });
  }
}

/** Judges an answer without a token. */
function judgeRefusal(
  answer: Answer,
  credential: RequestCredential,
  { now }: ZitadelConnection,
): UpstreamFault {
  const { status } = answer;
  const error = jsonOf(answer)?.error;
  const isServerError = error === "server_error" ||
    error === "temporarily_unavailable";
  const key = credential.kind === "jwt_profile" ? credential.key : undefined;
  const isRefusal = REFUSALS.has(error) ||
    // Every assertion that ZITADEL does not accept, whatever the reason, is
    // answered with 500 `server_error` (seen on v4.13.1).
    key && status === 500 && error === "server_error";
  if (status === 429 || !isRefusal && !isServerError) {
    return judgeForeignAnswer(answer);
  }
  const fields = { upstream_status: status, oauth_error: error };
  if (!isRefusal) {
    return new UpstreamFault("unreachable", "ZITADEL failed", { fields });
  }
  const { expirationDate = "" } = key ?? {};
  const hasExpired = Date.parse(expirationDate) < now();
  return new UpstreamFault("credential_rejected", undefined, {
    fields: { ...fields, ...hasExpired && { key_expired: expirationDate } },
  });
}

/** Signs the assertion of RFC 7523 with the service user's key. */
async function sign(
  { keyId, key, userId }: ServiceAccountKey,
  { issuer, now }: ZitadelConnection,
): Promise<string> {
  const { SignJWT } = await import("jose");
  // ZITADEL's key files hold PKCS#1, which Web Crypto does not read.
  const { createPrivateKey } = await import("node:crypto");
  const issuedAt = Math.floor(now() / 1000) - ASSERTION_AGE_SECONDS;
  const assertion = new SignJWT()
    .setProtectedHeader({ alg: "RS256", kid: keyId })
    .setIssuer(userId)
    .setSubject(userId)
    .setAudience(issuer)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ASSERTION_LIFETIME_SECONDS);
  try {
    return await assertion.sign(createPrivateKey(key));
  } catch (cause) {
    throw new UpstreamFault(
      "credential_rejected",
      "the private key in SERVICE_ACCOUNT_KEY cannot be read",
      { cause },
    );
  }
}
