import { z } from "zod";
import { signPayload } from "../util/sign_payload.ts";
import { messageOf, printable } from "../cli/terminal.ts";
import { noteProxy } from "../util/proxy.ts";
import { skewOf } from "./clock_skew.ts";

/** The function answers it by naming itself, without a look-up. */
export const CANARY_FUNCTION = "function/canary";

const CANARY_BODY = JSON.stringify({ function: CANARY_FUNCTION });

/** The deadline of a canary, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** An answer that is longer is none of the function's, in bytes. */
const MAX_ANSWER_BYTES = 10_000;

const ANSWER = z.object({
  canary: z.object({
    process: z.string(),
    version: z.string(),
    credential: z.string(),
    /** The version of Deno; absent in 0.1. */
    deno: z.string().optional(),
    /** The sequence of the last event that the process was sent. */
    event: z.nullish(z.number()),
  }),
});

/** How a running function names itself. */
export type CanaryIdentity = z.infer<typeof ANSWER>["canary"];

/** Who answered a canary. */
export type CanaryVerdict =
  /** The function, and it accepts the key. */
  | "accepted"
  /** The function, without this key. */
  | "refused"
  /** An older version of the function, which accepts the key. */
  | "older"
  /** Something else. */
  | "foreign"
  /** A server that is overloaded, starting or failing: any status from 500. */
  | "failing"
  /** No one. */
  | "unreachable";

interface Judgement {
  readonly verdict: CanaryVerdict;
  /** What was seen, as the end of "the endpoint ...": `answered 404; ...`. */
  readonly seen: string;
  /** Which process answered; only if accepted. */
  readonly identity?: CanaryIdentity | undefined;
}

/** What came of a canary. */
export interface CanaryResult extends Judgement {
  /** Whether the running function accepts the key. */
  readonly accepted: boolean;
  /** The HTTP status; `undefined` if no answer came. */
  readonly status: number | undefined;
  readonly milliseconds: number;
  /** How far the answering clock is ahead of this machine's, in seconds. */
  readonly skewSeconds: number | undefined;
}

/**
 * Calls a function with a freshly signed call of no consequence, over a
 * connection of its own, so that a load balancer can choose another process
 * each time. Follows no redirect.
 */
export async function sendCanary(
  endpoint: string,
  signingKey: string,
): Promise<CanaryResult> {
  const started = performance.now();
  const startedAt = Date.now();
  let response: Response | undefined;
  let judged: Judgement;
  try {
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    const seconds = Math.floor(startedAt / 1000);
    response = await fetch(endpoint, {
      client,
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "ZITADEL-Signature": signPayload(signingKey, seconds, CANARY_BODY),
      },
      body: CANARY_BODY,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    judged = judge(response, await readText(response));
  } catch (error) {
    response = undefined;
    const isLate = error instanceof Error && error.name === "TimeoutError";
    judged = {
      verdict: "unreachable",
      seen: isLate
        ? `did not answer within ${TIMEOUT_MS / 1000} s${noteProxy(endpoint)}`
        : `did not answer (${messageOf(error)})`,
    };
  }
  const date = response?.headers.get("date") ?? null;
  return {
    ...judged,
    accepted: judged.verdict === "accepted",
    status: response?.status,
    milliseconds: Math.round((performance.now() - started) * 10) / 10,
    skewSeconds: skewOf(date, (startedAt + Date.now()) / 2),
  };
}

/**
 * Checks that an endpoint is the function and has a key: it answers a canary
 * signed with the key, and refuses one signed with a random key.
 */
export async function checkEndpoint(
  endpoint: string,
  signingKey: string,
): Promise<CanaryResult> {
  const result = await sendCanary(endpoint, signingKey);
  if (result.verdict !== "accepted" && result.verdict !== "older") {
    return result;
  }
  const randomKey = crypto.getRandomValues(new Uint8Array(24)).toHex();
  const { status } = await sendCanary(endpoint, randomKey);
  if (status === 401) return result;
  const seen = status === undefined
    ? "answered one call and then no more"
    : `answered ${status} instead of 401 to a call with a wrong signature; it is not the function, or something in front of it answers`;
  const judged = { verdict: "foreign", accepted: false, seen } as const;
  return { ...result, ...judged, identity: undefined };
}

/** Reads no more than an answer of the function can have. */
async function readText({ body }: Response): Promise<string> {
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.length > MAX_ANSWER_BYTES) break;
  }
  return text.trim();
}

function judge({ status, headers }: Response, text: string): Judgement {
  const location = headers.get("location");
  const answered = `answered ${status}`;
  if (status === 200) {
    const { data } = ANSWER.safeParse(parseJson(text));
    if (data) {
      const { canary: identity } = data;
      return { verdict: "accepted", seen: "accepted the key", identity };
    }
    const older = "is an older version of the function: deploy this one";
    return text === "{}"
      ? { verdict: "older", seen: older }
      : { verdict: "foreign", seen: `${answered}, but is not the function` };
  }
  if (status === 401 && parseJson(text)?.error === "invalid_signature") {
    return { verdict: "refused", seen: "does not accept the target's key yet" };
  }
  if (status >= 500) return { verdict: "failing", seen: answered };
  const to = location ? ` to ${printable(location)}` : "";
  const why = status >= 300 && status < 400
    ? `, a redirect${to}; ZITADEL's call would arrive without its body`
    : status === 404
    ? "; the function serves only `/`"
    : "; it is not the function";
  return { verdict: "foreign", seen: answered + why };
}

// deno-lint-ignore no-explicit-any -- what a server says
function parseJson(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
