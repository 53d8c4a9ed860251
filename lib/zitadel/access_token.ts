import { type Credential, CREDENTIAL_SETTINGS } from "../config/credential.ts";
import { describeFailure, FunctionError } from "../errors.ts";
import type { Log } from "../observability/log.ts";
import { abortable } from "../util/abortable.ts";
import type { ZitadelConnection } from "./connection.ts";
import { requestToken } from "./token_request.ts";
import { UpstreamFault } from "./upstream_fault.ts";

/** How long before its end a token is renewed in the background, in milliseconds. */
const RENEW_BEFORE_MS = 5 * 60 * 1000;

/** How long before its end a token is no longer used, in milliseconds. */
const UNUSABLE_BEFORE_MS = 10 * 1000;

/**
 * How long ZITADEL is not asked after it limited the rate or refused the
 * credential, in milliseconds: asking again at each login would not help.
 */
const PAUSE_MS = 5 * 1000;

/** Returns the bearer token that metadata is read with. */
export type AccessTokenSource = ReturnType<typeof createAccessTokenSource>;

/**
 * Creates the source of bearer tokens from the service user's credential. A
 * token is kept until shortly before its end, renewed in the background, and
 * requested once at a time. A personal access token is used as it is.
 */
export function createAccessTokenSource(
  credential: Credential,
  { connection, log }: {
    readonly connection: ZitadelConnection;
    readonly log: Log;
  },
) {
  const { now } = connection;
  let current: { token: string; renewAt: number; endsAt: number } | undefined;
  let pending: Promise<string> | undefined;
  let pausedBy: unknown;
  let pausedUntil = -Infinity;
  let refusedAt = -Infinity;

  const isPaused = () => now() < pausedUntil;
  const pause = (error: unknown) => {
    pausedBy = error;
    pausedUntil = now() + PAUSE_MS;
  };

  const request = async (): Promise<string> => {
    if (isPaused()) throw pausedBy;
    if (credential.kind === "personal_access_token") return credential.token;
    try {
      const { token, lifetimeMs } = await requestToken(credential, connection);
      const early = Math.min(RENEW_BEFORE_MS, lifetimeMs / 2);
      const endsAt = now() + lifetimeMs;
      current = { token, endsAt, renewAt: endsAt - early };
      return token;
    } catch (error) {
      const reason = error instanceof FunctionError && error.details.reason;
      const isRefusal = reason === "rate_limited" ||
        reason === "credential_rejected";
      if (isRefusal) pause(error);
      throw error;
    }
  };
  const renew = () => pending ??= request().finally(() => pending = undefined);

  return {
    /** The settings that hold the credential, by name. */
    settings: CREDENTIAL_SETTINGS[credential.kind],

    /**
     * Returns a token that is valid as far as is known.
     *
     * @param signal Ends the wait; a request that runs continues for other callers.
     * @throws {FunctionError} If none can be requested.
     * @throws {UpstreamFault} If ZITADEL refused the last one just now.
     */
    get(signal?: AbortSignal): Promise<string> {
      if (!current || now() >= current.endsAt - UNUSABLE_BEFORE_MS) {
        return signal ? abortable(renew(), signal) : renew();
      }
      if (now() >= current.renewAt && !pending && !isPaused()) {
        renew().catch((error) => logOldToken(log, error));
      }
      return Promise.resolve(current.token);
    },

    /**
     * Drops a token that ZITADEL refused. If another one was refused just before,
     * or there is no other, the credential itself is the cause, and the source
     * pauses.
     *
     * @returns `true` if `get` may return another one.
     */
    discard(token: string): boolean {
      if (credential.kind === "personal_access_token") {
        pause(new UpstreamFault("credential_rejected"));
        return false;
      }
      if (current?.token !== token) return !isPaused();
      const wasRenewed = now() < refusedAt + PAUSE_MS;
      refusedAt = now();
      current = undefined;
      if (wasRenewed) pause(new UpstreamFault("credential_rejected"));
      return !wasRenewed;
    },
  };
}

function logOldToken(log: Log, error: unknown): void {
  const { status: _, message, ...entry } = describeFailure(error).entry;
  log({
    ...entry,
    message: `${message}; the previous token is used until it ends`,
  });
}
