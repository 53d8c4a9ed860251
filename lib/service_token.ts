import type { Credential, ServiceAccountKey } from "./config.ts";
import { FunctionError } from "./errors.ts";
import type { Log } from "./log.ts";

/** How long before its end a token is renewed in the background, in milliseconds. */
export const RENEW_BEFORE_MS = 5 * 60 * 1000;

/** How long before its end a token is no longer used, in milliseconds. */
const UNUSABLE_BEFORE_MS = 10 * 1000;

/** What is assumed where ZITADEL does not say how long a token lives, in seconds. */
const DEFAULT_LIFETIME_SECONDS = 300;

/** How long the assertion of a JWT profile is valid; ZITADEL takes up to an hour. */
const ASSERTION_LIFETIME_SECONDS = 5 * 60;

/** Without this audience ZITADEL answers every API call with 401. */
const SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud";

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Gives the bearer token by which metadata is read. */
export interface ServiceToken {
  /**
   * Gives a token that is valid as far as is known.
   *
   * @returns The bearer token.
   * @throws {FunctionError} Where none can be had.
   */
  get(): Promise<string>;
  /**
   * Tells that ZITADEL refused a token.
   *
   * @param token The refused token.
   * @returns Whether `get` can give another one.
   */
  discard(token: string): boolean;
}

/** What getting tokens needs. */
export interface ServiceTokenOptions {
  /** The instance's origin. */
  readonly origin: string;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Sends the requests. */
  readonly fetch: typeof fetch;
  /** Tells the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Takes what an operator should know. */
  readonly log: Log;
}

/**
 * Makes a source of bearer tokens from the service user's credential. A
 * personal access token is used as it is. With the others a token is kept until
 * shortly before its end, renewed in the background, and asked for once at a
 * time.
 *
 * @param credential The service user's credential.
 * @param options What getting tokens needs.
 * @returns The source of tokens.
 */
export function createServiceToken(
  credential: Credential,
  options: ServiceTokenOptions,
): ServiceToken {
  if (credential.kind === "personal_access_token") {
    const token = Promise.resolve(credential.token);
    return { get: () => token, discard: () => false };
  }

  const { now, log } = options;
  let current: { token: string; endsAt: number; renewAt: number } | undefined;
  let pending: Promise<string> | undefined;

  const renew = (): Promise<string> => {
    pending ??= requestToken(credential, options)
      .then(({ token, lifetimeMs }) => {
        const endsAt = now() + lifetimeMs;
        const early = Math.min(RENEW_BEFORE_MS, lifetimeMs / 2);
        current = { token, endsAt, renewAt: endsAt - early };
        return token;
      })
      .finally(() => pending = undefined);
    return pending;
  };

  return {
    get() {
      if (!current || now() >= current.endsAt - UNUSABLE_BEFORE_MS) {
        return renew();
      }
      if (now() >= current.renewAt) {
        renew().catch((error: FunctionError) => {
          log({
            level: "error",
            message:
              `${error.message}; the token from before serves until it ends`,
            reason: error.details?.reason,
            remedy: error.details?.remedy,
          });
        });
      }
      return Promise.resolve(current.token);
    },
    discard(token) {
      if (current?.token === token) current = undefined;
      return true;
    },
  };
}

async function requestToken(
  credential: Exclude<Credential, { kind: "personal_access_token" }>,
  options: ServiceTokenOptions,
): Promise<{ token: string; lifetimeMs: number }> {
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
    const refused = cause instanceof oauth.ResponseBodyError ||
      cause instanceof oauth.WWWAuthenticateChallengeError;
    if (refused) throw credentialRejected(credential, options, cause);
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

function credentialRejected(
  credential: Exclude<Credential, { kind: "personal_access_token" }>,
  { origin, now }: ServiceTokenOptions,
  cause: unknown,
): FunctionError {
  let name = "CLIENT_ID and CLIENT_SECRET";
  let remedy =
    "Generate a new secret for the service user, and set CLIENT_ID and CLIENT_SECRET to what is shown";
  if (credential.kind === "jwt_profile") {
    name = "SERVICE_ACCOUNT_KEY";
    const { expirationDate } = credential.key;
    const isExpired = expirationDate && Date.parse(expirationDate) < now();
    remedy = isExpired
      ? `The key expired at ${expirationDate}: add a new one to the service user`
      : "See whether the clock here is right, the key still listed at the service user, and ZITADEL_DOMAIN the instance's own domain; else add a new key";
  }
  return new FunctionError(
    "upstream_failed",
    `Cannot get a token for the service user: ${origin} refused ${name}`,
    { cause, reason: "credential_rejected", remedy },
  );
}

/** Signs the assertion of RFC 7523 with the service user's key. */
async function signAssertion(
  { keyId, key, userId }: ServiceAccountKey,
  { origin, now }: ServiceTokenOptions,
): Promise<string> {
  const { SignJWT } = await import("jose");
  const privateKey = await importPrivateKey(key);
  const issuedAt = Math.floor(now() / 1000);
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
