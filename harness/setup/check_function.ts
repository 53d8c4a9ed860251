import { checkEndpoint } from "../function/canary.ts";
import { sleep } from "../util/sleep.ts";

/** How often the function is asked while it is waited for, in milliseconds. */
const RETRY_MS = 1_000;

/** Why a function cannot be bound. */
export interface Trouble {
  readonly seen: string;
  /** Whether it only has to be started with the key. */
  readonly isNotYet: boolean;
  readonly advice: string;
}

/**
 * Asks the function, exactly at its endpoint unless there is another address for
 * that, whether it accepts the key: once, or until the time is over.
 *
 * @param asked Where ZITADEL will call it, and where this machine reaches it, if not there.
 * @returns What was seen last; `undefined` if it accepts the key.
 */
export async function findTrouble(
  { endpoint, probe = endpoint, signingKey }: {
    readonly endpoint: string;
    readonly probe?: string | undefined;
    readonly signingKey: string;
  },
  { seconds = 0, signal, onWait, retryMs = RETRY_MS }: {
    readonly seconds?: number;
    readonly signal?: AbortSignal;
    readonly onWait?: (seen: string) => void;
    readonly retryMs?: number | undefined;
  } = {},
): Promise<Trouble | undefined> {
  const deadline = Date.now() + seconds * 1_000;
  let { accepted, verdict, seen } = await checkEndpoint(probe, signingKey);
  while (!accepted && Date.now() < deadline) {
    onWait?.(`${probe} ${seen}`);
    await sleep(retryMs, signal);
    ({ accepted, verdict, seen } = await checkEndpoint(probe, signingKey));
  }
  if (accepted) return undefined;
  const isNotYet = ["refused", "failing", "unreachable"].includes(verdict);
  return {
    seen: `${probe} ${seen}`,
    isNotYet,
    advice: isNotYet
      ? "Start the function there with the target's key first"
      : probe === endpoint
      ? "Check --endpoint: ZITADEL calls it exactly as given"
      : "Check --probe: it has to lead to the function itself",
  };
}

/**
 * Checks that a function may be bound later, if not now.
 *
 * @param calledAt Where the target is called now, if that or what a failure does changes.
 * @throws {Error} If starting the function would not help, or if a target that is
 * already called would move to it.
 */
export function requireStartable(
  { seen, isNotYet, advice }: Trouble,
  { endpoint, calledAt }: {
    readonly endpoint: string;
    readonly calledAt: string | undefined;
  },
): void {
  if (isNotYet && calledAt === undefined) return;
  if (calledAt === endpoint) {
    throw new Error(
      `Cannot let logins depend on the function: ${seen}. Nothing was changed. ${advice}, or leave out --interrupt-on-error`,
    );
  }
  const stays = calledAt ? `: the target stays at ${calledAt}` : "";
  throw new Error(
    `Cannot bind the target: ${seen}. Nothing was changed${stays}. ${advice}`,
  );
}
