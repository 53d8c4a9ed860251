import { type Credential, CREDENTIAL_SETTINGS } from "../config/credential.ts";
import { FunctionError } from "../errors.ts";
import type { Log } from "../observability/log.ts";
import { abortable } from "../util/abortable.ts";
import type { ZitadelConnection } from "./connection.ts";
import { type RequestCredential, requestToken } from "./token_request.ts";
import { UpstreamFault } from "./upstream_error.ts";

/** How long before its end a token is renewed in the background, in milliseconds. */
export const RENEW_BEFORE_MS = 5 * 60 * 1000;

/** How long before its end a token is no longer used, in milliseconds. */
const UNUSABLE_BEFORE_MS = 10 * 1000;

/**
 * How long ZITADEL is not asked after it limited the rate or refused the
 * credential, in milliseconds: asking again at each login would not help.
 */
export const PAUSE_MS = 5 * 1000;

/** What getting tokens needs. */
export interface AccessTokenOptions {
  /** The connection to the instance. Its `timeoutMs` is the deadline of a token request. */
  readonly connection: ZitadelConnection;
  /** Receives what an operator should know. */
  readonly log: Log;
}

/** Returns the bearer token that metadata is read with. */
export interface AccessTokenSource {
  /** The settings that hold the credential, by name. */
  readonly settings: string;
  /**
   * Returns a token that is valid as far as is known.
   *
   * @param signal Ends the wait; a request that runs continues for other callers.
   * @returns The bearer token.
   * @throws {FunctionError} If none can be requested.
   * @throws {UpstreamFault} If ZITADEL refused the last one just now.
   */
  get(signal?: AbortSignal): Promise<string>;
  /**
   * Drops a token that ZITADEL refused. If another one was refused just before,
   * the credential itself is the cause, and the source pauses.
   *
   * @param token The refused token.
   * @returns `true` if `get` may return another one.
   */
  discard(token: string): boolean;
}

/**
 * Creates the source of bearer tokens from the service user's credential. A
 * personal access token is used as it is. With the others a token is kept until
 * shortly before its end, renewed in the background, and requested once at a
 * time.
 *
 * @param credential The service user's credential.
 * @param options What getting tokens needs.
 * @returns The source of tokens.
 */
export function createAccessTokenSource(
  credential: Credential,
  options: AccessTokenOptions,
): AccessTokenSource {
  const settings = CREDENTIAL_SETTINGS[credential.kind];
  return {
    settings,
    ...credential.kind === "personal_access_token"
      ? fixedToken(credential.token, options)
      : requestedTokens(credential, options),
  };
}

type Tokens = Omit<AccessTokenSource, "settings">;

function fixedToken(token: string, { connection }: AccessTokenOptions): Tokens {
  const pause = new Pause(connection.now);
  return {
    get() {
      return pause.error ? Promise.reject(pause.error) : Promise.resolve(token);
    },
    discard() {
      pause.begin(refused());
      return false;
    },
  };
}

function requestedTokens(
  credential: RequestCredential,
  { connection, log }: AccessTokenOptions,
): Tokens {
  const { now } = connection;
  const pause = new Pause(now);
  let current: Token | undefined;
  let pending: Promise<string> | undefined;
  let refusedAt = -Infinity;

  const request = async (): Promise<string> => {
    const { token, lifetimeMs } = await requestToken(credential, connection);
    const early = Math.min(RENEW_BEFORE_MS, lifetimeMs / 2);
    const endsAt = now() + lifetimeMs;
    current = { token, endsAt, renewAt: endsAt - early };
    return token;
  };
  const renew = (): Promise<string> => {
    if (pause.error) return Promise.reject(pause.error);
    pending ??= request().catch((error) => {
      if (isPausing(error)) pause.begin(error);
      throw error;
    }).finally(() => pending = undefined);
    return pending;
  };

  return {
    get(signal) {
      if (!current || now() >= current.endsAt - UNUSABLE_BEFORE_MS) {
        return signal ? abortable(renew(), signal) : renew();
      }
      if (now() >= current.renewAt && !pause.error) {
        renew().catch((error) => logOldToken(log, error));
      }
      return Promise.resolve(current.token);
    },
    discard(token) {
      if (current?.token !== token) return pause.error === undefined;
      const isRenewed = now() < refusedAt + PAUSE_MS;
      refusedAt = now();
      current = undefined;
      if (isRenewed) pause.begin(refused());
      return !isRenewed;
    },
  };
}

/** A time in which ZITADEL is not asked again, since it would only refuse. */
class Pause {
  readonly #now: () => number;
  #error: unknown;
  #until = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Why there is a pause; `undefined` if there is none. */
  get error(): unknown {
    return this.#now() < this.#until ? this.#error : undefined;
  }

  begin(error: unknown): void {
    this.#error = error;
    this.#until = this.#now() + PAUSE_MS;
  }
}

function refused(): UpstreamFault {
  return new UpstreamFault("credential_rejected", "refused the token");
}

interface Token {
  readonly token: string;
  readonly endsAt: number;
  readonly renewAt: number;
}

function isPausing(error: unknown): boolean {
  const reason = error instanceof FunctionError && error.details.reason;
  return reason === "rate_limited" || reason === "credential_rejected";
}

function logOldToken(log: Log, error: unknown): void {
  const known = error instanceof FunctionError ? error : undefined;
  log({
    level: "error",
    message: `${
      known?.message ?? "Cannot get a token for the service user"
    }; the previous one is used until it ends`,
    reason: known?.details.reason,
    remedy: known?.details.remedy,
  });
}
