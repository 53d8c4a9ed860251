import { signPayload } from "../../lib/request/signature.ts";
import { skewOf } from "./clock_skew.ts";
import { messageOf } from "../cli/terminal.ts";

/**
 * A function name of our own: the function checks the signature as for any
 * call, knows no such function and answers `{}` without a look-up.
 */
export const CANARY_FUNCTION = "function/canary";

const CANARY_BODY = JSON.stringify({ function: CANARY_FUNCTION });

/** A canary that takes longer is given up, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** What became of a canary call. */
export interface CanaryResult {
  /** Whether the running function took the key. */
  readonly accepted: boolean;
  /** The HTTP status; `undefined` where no answer came. */
  readonly status: number | undefined;
  readonly seen: string;
  readonly milliseconds: number;
  /** How far the answering clock is ahead of this machine's, in seconds. */
  readonly skewSeconds: number | undefined;
}

/**
 * Calls a running function with a freshly signed call of no consequence, to see
 * whether it accepts a signing key.
 */
export async function sendCanary(
  endpoint: string,
  signingKey: string,
): Promise<CanaryResult> {
  const started = performance.now();
  const startedAt = Date.now();
  const elapsed = () => Math.round((performance.now() - started) * 10) / 10;
  try {
    const timestamp = Math.floor(Date.now() / 1000);
    const response = await fetch(endpoint, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "ZITADEL-Signature": await signPayload(
          signingKey,
          timestamp,
          CANARY_BODY,
        ),
      },
      body: CANARY_BODY,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.text();
    const { status } = response;
    const accepted = status === 200 && answer.trim() === "{}";
    return {
      accepted,
      status,
      seen: accepted
        ? "200 {}"
        : status === 200
        ? "200, but not the answer of the function"
        : `status ${status}`,
      milliseconds: elapsed(),
      skewSeconds: skewOf(
        response.headers.get("date"),
        (startedAt + Date.now()) / 2,
      ),
    };
  } catch (error) {
    const seen = error instanceof Error && error.name === "TimeoutError"
      ? `no answer within ${TIMEOUT_MS / 1000} s`
      : `no answer: ${messageOf(error)}`;
    return {
      accepted: false,
      status: undefined,
      seen,
      milliseconds: elapsed(),
      skewSeconds: undefined,
    };
  }
}
