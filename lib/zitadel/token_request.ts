import type { Credential, ServiceAccountKey } from "../config.ts";
import { FunctionError } from "../errors.ts";

/** What is assumed where ZITADEL does not say how long a token lives, in seconds. */
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

/** A credential that tokens are requested with. */
export type RequestCredential = Exclude<
  Credential,
  { kind: "personal_access_token" }
>;

/** The settings that hold each kind of credential. */
export const CREDENTIAL_SETTINGS: Readonly<Record<Credential["kind"], string>> =
  {
    personal_access_token: "ACCESS_TOKEN",
    client_credentials: "CLIENT_ID and CLIENT_SECRET",
    jwt_profile: "SERVICE_ACCOUNT_KEY",
  };

/** A bearer token, just given. */
export interface RequestedToken {
  /** The token. */
  readonly token: string;
  /** How long it is valid, in milliseconds. */
  readonly lifetimeMs: number;
}

/** What a request for a token needs. */
export interface TokenRequestOptions {
  /** The instance's origin. */
  readonly origin: string;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Sends the requests. */
  readonly fetch: typeof fetch;
  /** Tells the time, in milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Asks ZITADEL for a bearer token.
 *
 * @param credential The service user's credential.
 * @param options What the request needs.
 * @returns The token, and how long it is valid.
 * @throws {FunctionError} Where none is given.
 */
export async function requestToken(
  credential: RequestCredential,
  options: TokenRequestOptions,
): Promise<RequestedToken> {
  const oauth = await import("oauth4webapi");
  const { origin } = options;
  const server = { issuer: origin, token_endpoint: `${origin}/oauth/v2/token` };
  const client = {
    client_id: credential.kind === "jwt_profile"
      ? credential.key.userId
      : credential.clientId,
  };
  const signal = AbortSignal.timeout(options.timeoutMs);
  const requestOptions = {
    [oauth.customFetch]: options.fetch,
    [oauth.allowInsecureRequests]: origin.startsWith("http:"),
    signal,
  };
  try {
    let response: Response;
    if (credential.kind === "client_credentials") {
      response = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        oauth.ClientSecretPost(credential.clientSecret),
        { scope: SCOPE },
        requestOptions,
      );
    } else {
      response = await oauth.genericTokenEndpointRequest(
        server,
        client,
        oauth.None(),
        JWT_BEARER,
        {
          scope: SCOPE,
          assertion: await signAssertion(credential.key, options),
        },
        requestOptions,
      );
    }
    const answer = await oauth.processGenericTokenEndpointResponse(
      server,
      client,
      response,
    );
    return {
      token: answer.access_token,
      lifetimeMs: (answer.expires_in ?? DEFAULT_LIFETIME_SECONDS) * 1_000,
    };
  } catch (cause) {
    if (cause instanceof FunctionError) throw cause;
    if (signal.aborted) {
      throw new FunctionError(
        "upstream_timeout",
        `Cannot get a token for the service user: ${origin} did not answer in time`,
        {
          cause,
          reason: "timeout",
          remedy:
            "See whether ZITADEL is slow or cut off from here; UPSTREAM_TIMEOUT_MS is the time it is given",
        },
      );
    }
    const isRefused = cause instanceof oauth.ResponseBodyError ||
      cause instanceof oauth.WWWAuthenticateChallengeError ||
      credential.kind === "jwt_profile" && isServerError(cause);
    if (isRefused) throw credentialRejected(credential, options, cause);
    throw new FunctionError(
      "upstream_failed",
      `Cannot get a token for the service user: ${origin} cannot be reached, or its answer not read`,
      {
        cause,
        reason: "unreachable",
        remedy:
          "See whether ZITADEL_DOMAIN is right and reachable from here, and its certificate valid",
      },
    );
  }
}

/**
 * Every assertion that ZITADEL does not accept, whatever the reason, is
 * answered with 500 `server_error` (seen on v4.13.1).
 */
function isServerError(error: unknown): boolean {
  const response = error instanceof Error ? error.cause : undefined;
  return response instanceof Response && response.status === 500;
}

function credentialRejected(
  credential: RequestCredential,
  { origin, now }: TokenRequestOptions,
  cause: unknown,
): FunctionError {
  let remedy =
    "Generate a new secret for the service user, and set CLIENT_ID and CLIENT_SECRET to what is shown";
  if (credential.kind === "jwt_profile") {
    const { expirationDate } = credential.key;
    const isExpired = expirationDate && Date.parse(expirationDate) < now();
    remedy = isExpired
      ? `The key expired at ${expirationDate}: add a new one to the service user`
      : "See whether the clock here is right, the key still listed at the service user, and ZITADEL_DOMAIN the instance's own domain; else add a new key";
  }
  return new FunctionError(
    "upstream_failed",
    `Cannot get a token for the service user: ${origin} refused ${
      CREDENTIAL_SETTINGS[credential.kind]
    }`,
    { cause, reason: "credential_rejected", remedy },
  );
}

/** Signs the assertion of RFC 7523 with the service user's key. */
async function signAssertion(
  { keyId, key, userId }: ServiceAccountKey,
  { origin, now }: TokenRequestOptions,
): Promise<string> {
  const { SignJWT } = await import("jose");
  const privateKey = await importPrivateKey(key);
  const issuedAt = Math.floor(now() / 1000) - ASSERTION_AGE_SECONDS;
  return await new SignJWT()
    .setProtectedHeader({ alg: "RS256", kid: keyId })
    .setIssuer(userId)
    .setSubject(userId)
    .setAudience(origin)
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
      "Cannot get a token for the service user: the private key in SERVICE_ACCOUNT_KEY cannot be read",
      {
        cause,
        reason: "credential_rejected",
        remedy:
          "Set SERVICE_ACCOUNT_KEY to the whole text of the file that ZITADEL gave, with the line breaks of its key as \\n",
      },
    );
  }
}
