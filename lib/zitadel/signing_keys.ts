import type { createRemoteJWKSet, FetchImplementation } from "jose";
import { abortable } from "../util/abortable.ts";
import {
  type Answer,
  jsonOf,
  judgeForeignAnswer,
  readAnswer,
} from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { upstreamError, UpstreamFault } from "./upstream_fault.ts";

const KEYS_PATH = "/oauth/v2/keys";

/** How long keys are used before they are fetched again, in milliseconds. */
const MAX_AGE_MS = 10 * 60 * 1000;

/**
 * How long after a fetch an unknown key does not lead to another, in
 * milliseconds. Only calls with a valid HMAC come this far.
 */
const COOLDOWN_MS = 5 * 1000;

/** An instance publishes a few keys of at most 1 kB each. */
const MAX_KEYS_BYTES = 256 * 1024;

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

/**
 * Creates the source of the keys that the instance signs with (JWKS), as `jose`
 * asks for them; a signal ends the wait. It throws a `FunctionError` if they
 * cannot be fetched, and jose's `JWKSNoMatchingKey` if the instance has no such
 * key.
 */
export function createSigningKeys(connection: ZitadelConnection) {
  let keys: Promise<RemoteKeys> | undefined;

  return (signal: AbortSignal) => async (...jws: Parameters<RemoteKeys>) => {
    keys ??= connectToKeys(connection);
    const find = await keys;
    try {
      // A fetch continues for other callers.
      return await abortable(find(...jws), signal);
    } catch (error) {
      throw keysError(error, connection, signal);
    }
  };
}

async function connectToKeys(connection: ZitadelConnection) {
  const { createRemoteJWKSet, customFetch } = await import("jose");
  const fetchKeys: FetchImplementation = async (url, { headers, signal }) => {
    try {
      const response = await connection.fetch(url, { headers, signal });
      return judgeKeys(await readAnswer(response, MAX_KEYS_BYTES));
    } catch (error) {
      throw keysError(error, connection, signal);
    }
  };
  return createRemoteJWKSet(new URL(KEYS_PATH, connection.baseUrl), {
    cacheMaxAge: MAX_AGE_MS,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: connection.timeoutMs,
    [customFetch]: fetchKeys,
  });
}

/** Returns a set of keys as `jose` reads it. */
function judgeKeys(answer: Answer): Response {
  const set = jsonOf(answer);
  if (answer.status !== 200 || set === undefined) {
    throw judgeForeignAnswer(answer);
  }
  const isSet = Array.isArray(set?.keys) &&
    set.keys.every((key: unknown) => typeof key === "object" && key);
  if (isSet) return Response.json(set);
  throw new UpstreamFault("unreadable_answer", "the answer has no set of keys");
}

function keysError(
  error: unknown,
  connection: ZitadelConnection,
  signal: AbortSignal,
): unknown {
  return upstreamError(error, {
    action: `Cannot fetch the keys that verify signed payloads (${KEYS_PATH})`,
    connection,
    signal,
  });
}
