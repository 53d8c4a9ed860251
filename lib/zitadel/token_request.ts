import {
  type Credential,
  CREDENTIAL_SETTINGS,
  type ServiceAccountKey,
} from "../config/credential.ts";
import { FunctionError } from "../errors.ts";
import { type Answer, judgeForeignAnswer, readAnswer, send } from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { upstreamError, UpstreamFault } from "./upstream_error.ts";

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

const ACTION = "Cannot get a token for the service user";

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
  /** The token. */
  readonly token: string;
  /** How long it is valid, in milliseconds. */
  readonly lifetimeMs: number;
}

/**
 * Requests a bearer token from ZITADEL.
 *
 * @param credential The service user's credential.
 * @param connection The connection. Its `timeoutMs` is the deadline of the request.
 * @returns The token, and how long it is valid.
 * @throws {FunctionError} If ZITADEL returns none.
 */
export async function requestToken(
  credential: RequestCredential,
  connection: ZitadelConnection,
): Promise<RequestedToken> {
  const signal = AbortSignal.timeout(connection.timeoutMs);
  try {
    const response = await sendTokenRequest(credential, connection, signal);
    const answer = await readAnswer(response, MAX_ANSWER_BYTES);
    return await judgeTokenAnswer(answer, credential, connection);
  } catch (error) {
    throw upstreamError(error, {
      action: ACTION,
      connection,
      credential: CREDENTIAL_SETTINGS[credential.kind],
      signal,
    });
  }
}

/**
 * Loads what the first request for a token needs.
 *
 * @param kind The kind of the service user's credential; a personal access token needs no request.
 * @throws {TypeError} If a module cannot be loaded.
 */
export async function preload(kind: Credential["kind"]): Promise<void> {
  if (kind === "personal_access_token") return;
  await import("oauth4webapi");
  if (kind === "jwt_profile") await import("jose");
}

/** Sends a request for a token. */
async function sendTokenRequest(
  credential: RequestCredential,
  connection: ZitadelConnection,
  signal: AbortSignal,
): Promise<Response> {
  const oauth = await import("oauth4webapi");
  const server = serverOf(connection);
  const client = clientOf(credential);
  const options = {
    [oauth.customFetch]: (url: string, init: RequestInit) =>
      send(connection, url, init),
    [oauth.allowInsecureRequests]: connection.baseUrl.startsWith("http:"),
    signal,
  };
  if (credential.kind === "client_credentials") {
    return await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.ClientSecretPost(credential.clientSecret),
      { scope: SCOPE },
      options,
    );
  }
  const assertion = await signAssertion(credential.key, connection);
  return await oauth.genericTokenEndpointRequest(
    server,
    client,
    oauth.None(),
    JWT_BEARER,
    { scope: SCOPE, assertion },
    options,
  );
}

/**
 * Judges the token endpoint's answer.
 *
 * @param answer What was seen.
 * @param credential The credential that was sent.
 * @param connection The connection.
 * @returns The token, and how long it is valid.
 * @throws {UpstreamFault} If it holds no token.
 */
export async function judgeTokenAnswer(
  answer: Answer,
  credential: RequestCredential,
  connection: ZitadelConnection,
): Promise<RequestedToken> {
  const { status, mediaType, text } = answer;
  if (status === 200 && mediaType === "application/json") {
    return await readToken(answer, credential, connection);
  }
  const error = mediaType === "application/json" ? errorIn(text) : undefined;
  const isRefusal = error !== undefined && (
    REFUSALS.has(error) ||
    // Every assertion that ZITADEL does not accept, whatever the reason, is
    // answered with 500 `server_error` (seen on v4.13.1).
    credential.kind === "jwt_profile" && status === 500 &&
      error === "server_error"
  );
  if (isRefusal && status !== 429) {
    throw new UpstreamFault("credential_rejected", "refused the credential", {
      remedy: credentialRemedy(credential, connection),
    });
  }
  if (error === "server_error" || error === "temporarily_unavailable") {
    throw new UpstreamFault(
      status === 429 ? "rate_limited" : "unreachable",
      `answered ${status} ${error}`,
    );
  }
  throw judgeForeignAnswer(answer, connection);
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
    throw new UpstreamFault("unreadable_answer", "sent no token", { cause });
  }
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

function errorIn(text: string): string | undefined {
  try {
    const error: unknown = JSON.parse(text)?.error;
    return typeof error === "string" ? error : undefined;
  } catch {
    return undefined;
  }
}

function credentialRemedy(
  credential: RequestCredential,
  { now }: ZitadelConnection,
): string {
  if (credential.kind === "client_credentials") {
    return "Generate a new secret for the service user, and set CLIENT_ID and CLIENT_SECRET to what is shown";
  }
  const { expirationDate } = credential.key;
  return expirationDate && Date.parse(expirationDate) < now()
    ? `The key expired at ${expirationDate}: add a new one to the service user`
    : "Check that the clock here is right, the key is still listed at the service user, and ZITADEL_DOMAIN is the instance's own domain; otherwise add a new key";
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
    throw new FunctionError(
      "upstream_failed",
      `${ACTION}: the private key in SERVICE_ACCOUNT_KEY cannot be read`,
      {
        cause,
        reason: "credential_rejected",
        remedy:
          "Set SERVICE_ACCOUNT_KEY to the whole text of the file that ZITADEL gave, with the line breaks of its key as \\n",
      },
    );
  }
}
