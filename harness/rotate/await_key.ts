import { sendCanary } from "../function/canary.ts";
import { sleep } from "../util/sleep.ts";

/**
 * How many rounds of canaries in a row must be accepted: behind a load balancer
 * one may have met the only process that has the new key.
 */
const ROUNDS_IN_A_ROW = 5;

/**
 * How long to wait after a refused canary, in milliseconds: each is a warning
 * in the function's log.
 */
const RETRY_MS = 2_000;

/** How long to wait between accepted canaries, in milliseconds. */
const NEXT_ROUND_MS = 100;

/** What the wait for a key asks, and for how long. */
export interface AwaitKeyOptions {
  /** Where canaries go: the target's endpoint, or each process's own address. */
  readonly endpoints: readonly string[];
  readonly signingKey: string;
  /** The fingerprint of the credential that the function has to use, if that matters. */
  readonly credential?: string;
  /** How many processes have to accept the key; `undefined` if not known. */
  readonly processes: number | undefined;
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Is told what the last canaries saw, and how long the wait has been, in seconds. */
  readonly onWait?: ((seen: string, seconds: number) => void) | undefined;
  /** How long to wait after a refused canary; 2 seconds by default. */
  readonly retryMs?: number | undefined;
}

/** The key was not accepted in time. */
export class KeyNotAccepted extends Error {
  override name = "KeyNotAccepted";
}

/**
 * Waits until the running function accepts a key, in all of its processes. Each
 * canary has a connection of its own, and each process has an id, so processes
 * behind one address can be counted. A refused canary starts the count again: a
 * process with the old key was still there.
 *
 * @returns The ids of the processes that accepted the key.
 * @throws {KeyNotAccepted} If that does not happen in time.
 */
export async function awaitKey(
  options: AwaitKeyOptions,
): Promise<ReadonlySet<string>> {
  const { processes = 1, waitSeconds, signal, retryMs = RETRY_MS } = options;
  const started = Date.now();
  let accepted = new Set<string>();
  let rounds = 0;
  while (true) {
    signal?.throwIfAborted();
    const { refused, ids } = await sendRound(options);
    rounds = refused === undefined ? rounds + 1 : 0;
    accepted = refused === undefined ? accepted.union(ids) : new Set();
    const isDecided = refused !== undefined || rounds >= ROUNDS_IN_A_ROW;
    if (isDecided && !refused && accepted.size >= processes) return accepted;
    const seconds = Math.round((Date.now() - started) / 1000);
    const seen = refused ??
      `${accepted.size} of ${processes} processes accepted the key`;
    options.onWait?.(seen, seconds);
    if (isDecided && seconds >= waitSeconds) {
      throw new KeyNotAccepted(
        refused === undefined
          ? `Only ${seen}. If there are fewer, correct --processes; if they have addresses of their own, name each with --probe`
          : waitSeconds > 0
          ? `Timed out after ${waitSeconds} s: ${seen}`
          : seen,
      );
    }
    await sleep(refused ? retryMs : Math.min(NEXT_ROUND_MS, retryMs), signal);
  }
}

/** Sends a canary to each endpoint: who answered it, and what one that did not accept it said. */
async function sendRound(
  { endpoints, signingKey, credential }: AwaitKeyOptions,
) {
  const results = await Promise.all(endpoints.map(async (endpoint) => {
    const { accepted, seen, identity } = await sendCanary(endpoint, signingKey);
    const isOld = credential && identity?.credential !== credential;
    const refused = !accepted
      ? `${endpoint} ${seen}`
      : isOld
      ? `${endpoint} uses another credential`
      : undefined;
    return { id: identity?.process, refused };
  }));
  return {
    ids: new Set(results.flatMap(({ id }) => id ?? [])),
    refused: results.find(({ refused }) => refused)?.refused,
  };
}
