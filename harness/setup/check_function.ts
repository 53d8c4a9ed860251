import { checkEndpoint } from "../function/canary.ts";
import { sleep } from "../util/sleep.ts";

/** How often the function is asked while it is waited for, in milliseconds. */
const RETRY_MS = 1_000;

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
) {
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
    /** Whether it only has to be started with the key. */
    isNotYet,
    advice: isNotYet
      ? "Start the function there with the target's key first"
      : probe === endpoint
      ? "Check --endpoint: ZITADEL calls it exactly as given"
      : "Check --probe: it has to lead to the function itself",
  };
}
