import type { Credential } from "../config.ts";
import type { FunctionError } from "../errors.ts";
import type { Log } from "../observability/log.ts";
import {
  CREDENTIAL_SETTINGS,
  requestToken,
  type TokenRequestOptions,
} from "./token_request.ts";

/** How long before its end a token is renewed in the background, in milliseconds. */
export const RENEW_BEFORE_MS = 5 * 60 * 1000;

/** How long before its end a token is no longer used, in milliseconds. */
const UNUSABLE_BEFORE_MS = 10 * 1000;

/** What getting tokens needs. */
export interface AccessTokenOptions extends TokenRequestOptions {
  /** Takes what an operator should know. */
  readonly log: Log;
}

/** Gives the bearer token by which metadata is read. */
export interface AccessTokenSource {
  /** The settings that hold the credential, by name. */
  readonly settings: string;
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
export function createAccessTokenSource(
  credential: Credential,
  options: AccessTokenOptions,
): AccessTokenSource {
  if (credential.kind === "personal_access_token") {
    const token = Promise.resolve(credential.token);
    return {
      settings: CREDENTIAL_SETTINGS.personal_access_token,
      get: () => token,
      discard: () => false,
    };
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
    settings: CREDENTIAL_SETTINGS[credential.kind],
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
