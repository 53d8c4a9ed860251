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
import {
  credentialRejected,
  upstreamError,
  UpstreamFault,
} from "./upstream_fault.ts";

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

/** A new bearer token. */
export interface RequestedToken {
  readonly token: string;
  readonly lifetimeMs: number;
}

/** Requests a bearer token from ZITADEL; it throws a `FunctionError` if there comes none. */
export async function requestToken(
  credential: RequestCredential,
  connection: ZitadelConnection,
): Promise<RequestedToken> {
  const signal = connection.startDeadline();
  try {
    const response = await sendTokenRequest(credential, connection, signal);
    const answer = await readAnswer(response, MAX_ANSWER_BYTES);
    if (answer.status === 200 && jsonOf(answer) !== undefined) {
      return await readToken(answer, credential, connection);
    }
    throw judgeRefusal(answer, credential, connection);
  } catch (error) {
    throw upstreamError(error, {
      action: "Cannot get a token for the service user",
      connection,
      credential: CREDENTIAL_SETTINGS[credential.kind],
      signal,
    });
  }
}

/** Loads what the first request for a token needs; a personal access token needs no request. */
export async function preload(kind: Credential["kind"]): Promise<void> {
  if (kind === "personal_access_token") return;
  await import("oauth4webapi");
  if (kind === "jwt_profile") await import("jose");
}

async function sendTokenRequest(
  credential: RequestCredential,
  connection: ZitadelConnection,
  signal: AbortSignal,
): Promise<Response> {
  const oauth = await import("oauth4webapi");
  const isSecret = credential.kind === "client_credentials";
  const form = isSecret
    ? undefined
    : { assertion: await signAssertion(credential.key, connection) };
  return await oauth.genericTokenEndpointRequest(
    serverOf(connection),
    clientOf(credential),
    isSecret ? oauth.ClientSecretPost(credential.clientSecret) : oauth.None(),
    isSecret ? "client_credentials" : JWT_BEARER,
    { scope: SCOPE, ...form },
    {
      [oauth.customFetch]: connection.fetch,
      [oauth.allowInsecureRequests]: connection.baseUrl.startsWith("http:"),
      signal,
    },
  );
}

async function readToken(
  { status, text }: Answer,
  credential: RequestCredential,
  connection: ZitadelConnection,
): Promise<RequestedToken> {
  const oauth = await import("oauth4webapi");
  const headers = { "content-type": "application/json" };
  try {
    const { access_token, expires_in } = await oauth
      .processGenericTokenEndpointResponse(
        serverOf(connection),
        clientOf(credential),
        new Response(text, { status, headers }),
      );
    return {
      token: access_token,
      lifetimeMs: (expires_in ?? DEFAULT_LIFETIME_SECONDS) * 1_000,
    };
  } catch (cause) {
    throw new UpstreamFault("unreadable_answer", "the answer has no token", {
      cause,
    });
  }
}

/** Judges an answer without a token. */
function judgeRefusal(
  answer: Answer,
  credential: RequestCredential,
  connection: ZitadelConnection,
): UpstreamFault {
  const { status } = answer;
  const error = jsonOf(answer)?.error;
  const isServerError = error === "server_error" ||
    error === "temporarily_unavailable";
  const isRefusal = REFUSALS.has(error) ||
    // Every assertion that ZITADEL does not accept, whatever the reason, is
    // answered with 500 `server_error` (seen on v4.13.1).
    credential.kind === "jwt_profile" && status === 500 &&
      error === "server_error";
  if (status === 429 || !isRefusal && !isServerError) {
    return judgeForeignAnswer(answer);
  }
  const fields = { upstream_status: status, oauth_error: error };
  return isRefusal
    ? credentialRejected({
      fields: { ...fields, ...expiry(credential, connection) },
    })
    : new UpstreamFault("unreachable", "ZITADEL failed", { fields });
}

/** Says that a key file has expired, if it says so itself. */
function expiry(
  credential: RequestCredential,
  { now }: ZitadelConnection,
): { readonly key_expired?: string } {
  if (credential.kind !== "jwt_profile") return {};
  const { expirationDate } = credential.key;
  return expirationDate && Date.parse(expirationDate) < now()
    ? { key_expired: expirationDate }
    : {};
}

/** Every endpoint is built from the address at which ZITADEL is reached, never discovered. */
function serverOf({ issuer, baseUrl }: ZitadelConnection) {
  return { issuer, token_endpoint: `${baseUrl}/oauth/v2/token` };
}

function clientOf(credential: RequestCredential) {
  return {
    client_id: credential.kind === "jwt_profile"
      ? credential.key.userId
      : credential.clientId,
  };
}

/** Signs the assertion of RFC 7523 with the service user's key. */
async function signAssertion(
  { keyId, key, userId }: ServiceAccountKey,
  { issuer, now }: ZitadelConnection,
): Promise<string> {
  const { SignJWT } = await import("jose");
  const privateKey = await importPrivateKey(key);
  const issuedAt = Math.floor(now() / 1000) - ASSERTION_AGE_SECONDS;
  return await new SignJWT()
    .setProtectedHeader({ alg: "RS256", kid: keyId })
    .setIssuer(userId)
    .setSubject(userId)
    .setAudience(issuer)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ASSERTION_LIFETIME_SECONDS)
    .sign(privateKey);
}

async function importPrivateKey(pem: string): Promise<CryptoKey> {
  const { importPKCS8 } = await import("jose");
  // ZITADEL's key files hold PKCS#1, which Web Crypto does not read.
  const { createPrivateKey } = await import("node:crypto");
  try {
    const pkcs8 = createPrivateKey(pem).export({
      type: "pkcs8",
      format: "pem",
    });
    return await importPKCS8(pkcs8.toString(), "RS256");
  } catch (cause) {
    throw new UpstreamFault(
      "credential_rejected",
      "the private key in SERVICE_ACCOUNT_KEY cannot be read; set it to the whole text of ZITADEL's file, with the line breaks of its key as \\n",
      { cause },
    );
  }
}
