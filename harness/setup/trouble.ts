/**
 * Reasons not to bind a target: its function does not answer, or would refuse
 * every call.
 *
 * @module
 */
import { sendCanary } from "../function/canary.ts";
import { messageOf } from "../cli/terminal.ts";

/** The function's health is asked for at most this long, in milliseconds. */
const HEALTH_TIMEOUT_MS = 10_000;

/**
 * Reports what is wrong with a function's health.
 *
 * @param endpoint Where the function answers.
 * @returns What is wrong; `undefined` if it is healthy.
 */
export async function healthTrouble(
  endpoint: string,
): Promise<string | undefined> {
  const url = new URL("/healthz", endpoint);
  try {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return response.status === 200
      ? undefined
      : `the function answers ${response.status} instead of 200 at ${url}`;
  } catch (error) {
    return `the function does not answer at ${url} (${messageOf(error)})`;
  }
}

/**
 * Reports that a function refuses a target's key. A function that was started
 * before the key was in its settings does, although it is healthy.
 *
 * @param endpoint Where the function answers.
 * @param signingKey The target's key.
 * @returns What is wrong; `undefined` if the key is not refused.
 */
export async function keyTrouble(
  endpoint: string,
  signingKey: string,
): Promise<string | undefined> {
  const { status } = await sendCanary(endpoint, signingKey);
  return status === 401
    ? `the function at ${endpoint} does not accept the target's key yet`
    : undefined;
}
