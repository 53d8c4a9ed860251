import type {
  CryptoKey,
  FlattenedJWSInput,
  JSONWebKeySet,
  JWSHeaderParameters,
} from "jose";
import { abortable } from "../util/abortable.ts";
import {
  type Answer,
  describeAnswer,
  judgeForeignAnswer,
  readAnswer,
  send,
} from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { upstreamError, UpstreamFault } from "./upstream_error.ts";

const KEYS_PATH = "/oauth/v2/keys";
const ACTION =
  `Cannot fetch the keys that verify signed payloads (${KEYS_PATH})`;

/** How long keys are used before they are fetched again, in milliseconds. */
export const KEYS_MAX_AGE_MS = 10 * 60 * 1000;

/**
 * How long after a fetch, good or failed, the keys are not fetched again, in
 * milliseconds. Only calls with a valid HMAC come this far.
 */
export const KEYS_PAUSE_MS = 5 * 1000;

/** An instance publishes a few keys of at most 1 kB each. */
const MAX_KEYS_BYTES = 256 * 1024;

/** Finds the key that a JWS is verified with, as `jose` asks for it. A signal ends the wait for keys. */
export type SigningKeys = (
  header: JWSHeaderParameters,
  jws: FlattenedJWSInput,
  signal?: AbortSignal,
) => Promise<CryptoKey>;

/**
 * Creates the source of the keys that the instance signs with (JWKS). A known
 * key verifies at once: keys that are old are fetched again in the background.
 * A call waits only for a key that is not known.
 *
 * @param connection The connection to the instance. Its `timeoutMs` is the deadline of a fetch.
 * @returns The source. It throws a `FunctionError` if the keys cannot be fetched, and jose's `JWKSNoMatchingKey` if the instance has no such key.
 */
export function createSigningKeys(connection: ZitadelConnection): SigningKeys {
  const { now } = connection;
  let keys: SigningKeys | undefined;
  let fetchedAt = -Infinity;
  let failure: { readonly error: unknown; readonly until: number } | undefined;
  let pending: Promise<SigningKeys> | undefined;

  const refresh = (): Promise<SigningKeys> => {
    if (failure && now() < failure.until) return Promise.reject(failure.error);
    pending ??= fetchKeys(connection).then((fetched) => {
      keys = fetched;
      fetchedAt = now();
      return fetched;
    }, (error) => {
      failure = { error, until: now() + KEYS_PAUSE_MS };
      throw error;
    }).finally(() => pending = undefined);
    return pending;
  };

  /** A caller leaves at its deadline; the fetch continues for others. */
  const wait = async (signal?: AbortSignal): Promise<SigningKeys> => {
    try {
      return await (signal ? abortable(refresh(), signal) : refresh());
    } catch (error) {
      throw signal
        ? upstreamError(error, { action: ACTION, connection, signal })
        : error;
    }
  };

  return async (header, jws, signal) => {
    const { errors } = await import("jose");
    const known = keys ?? await wait(signal);
    try {
      const key = await known(header, jws);
      const isOld = now() >= fetchedAt + KEYS_MAX_AGE_MS;
      // A failure shows at the call that needs a key it does not have.
      if (isOld) refresh().catch(() => {});
      return key;
    } catch (error) {
      const mayBeNew = error instanceof errors.JWKSNoMatchingKey &&
        now() >= fetchedAt + KEYS_PAUSE_MS;
      if (!mayBeNew) throw error;
    }
    const fetched = await wait(signal);
    return await fetched(header, jws);
  };
}

async function fetchKeys(connection: ZitadelConnection): Promise<SigningKeys> {
  const url = `${connection.baseUrl}${KEYS_PATH}`;
  const signal = AbortSignal.timeout(connection.timeoutMs);
  try {
    const { createLocalJWKSet } = await import("jose");
    const response = await send(connection, url, {
      headers: { accept: "application/json" },
      signal,
    });
    const answer = await readAnswer(response, MAX_KEYS_BYTES);
    return createLocalJWKSet(judgeKeysAnswer(answer, connection));
  } catch (error) {
    throw upstreamError(error, {
      action: ACTION,
      connection,
      signal,
    });
  }
}

/**
 * Judges the key endpoint's answer.
 *
 * @param answer What was seen.
 * @param connection The connection.
 * @returns The keys.
 * @throws {UpstreamFault} If it holds none.
 */
export function judgeKeysAnswer(
  answer: Answer,
  connection: ZitadelConnection,
): JSONWebKeySet {
  const isJson = answer.mediaType === "application/json" ||
    answer.mediaType === "application/jwk-set+json";
  if (answer.status !== 200 || !isJson) {
    throw judgeForeignAnswer(answer, connection);
  }
  try {
    const set = JSON.parse(answer.text);
    const isSet = Array.isArray(set?.keys) &&
      set.keys.every((key: unknown) => typeof key === "object" && key);
    if (isSet) return set;
  } catch {
    // Not JSON: no set of keys either.
  }
  throw new UpstreamFault(
    "unreadable_answer",
    `answered ${describeAnswer(answer)} without a set of keys`,
  );
}
