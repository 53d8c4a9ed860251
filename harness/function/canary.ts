import { z } from "zod";
import { signPayload } from "../util/sign_payload.ts";
import { messageOf, printable } from "../cli/terminal.ts";
import { viaProxy } from "../util/proxy.ts";
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

/** What came of a canary. */
export interface CanaryResult {
  readonly verdict: CanaryVerdict;
  /** Whether the running function accepts the key. */
  readonly accepted: boolean;
  /** The HTTP status; `undefined` if no answer came. */
  readonly status: number | undefined;
  /** What was seen, as the end of "the endpoint ...": `answered 404; ...`. */
  readonly seen: string;
  readonly milliseconds: number;
  /** How far the answering clock is ahead of this machine's, in seconds. */
  readonly skewSeconds: number | undefined;
  /** Which process answered; `undefined` unless accepted. */
  readonly identity: CanaryIdentity | undefined;
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
  const elapsed = () => Math.round((performance.now() - started) * 10) / 10;
  try {
    const answer = await post(endpoint, signingKey);
    return {
      ...judge(answer),
      status: answer.status,
      milliseconds: elapsed(),
      skewSeconds: skewOf(answer.date, (startedAt + Date.now()) / 2),
    };
  } catch (error) {
    const seen = error instanceof Error && error.name === "TimeoutError"
      ? `did not answer within ${TIMEOUT_MS / 1000} s${viaProxy(endpoint)}`
      : `did not answer (${messageOf(error)})`;
    return {
      ...verdictOf("unreachable", seen),
      status: undefined,
      milliseconds: elapsed(),
      skewSeconds: undefined,
    };
  }
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
  const { status } = await sendCanary(endpoint, randomKey());
  if (status === 401) return result;
  const seen = status === undefined
    ? "answered one call and then no more"
    : `answered ${status} instead of 401 to a call with a wrong signature; it is not the function, or something in front of it answers`;
  return { ...result, ...verdictOf("foreign", seen) };
}

/** A key that no function has. */
function randomKey(): string {
  return crypto.getRandomValues(new Uint8Array(24)).toHex();
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
  readonly date: string | null;
}

async function post(endpoint: string, signingKey: string): Promise<Answer> {
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const timestamp = Math.floor(Date.now() / 1000);
  const response = await fetch(endpoint, {
    client,
    method: "POST",
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      "ZITADEL-Signature": signPayload(
        signingKey,
        timestamp,
        CANARY_BODY,
      ),
    },
    body: CANARY_BODY,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return {
    status: response.status,
    text: await readText(response),
    location: response.headers.get("location"),
    date: response.headers.get("date"),
  };
}

/** Reads no more than an answer of the function can have. */
async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) break;
  }
  return text.trim();
}

type Judgement = Pick<
  CanaryResult,
  "verdict" | "accepted" | "seen" | "identity"
>;

function verdictOf(
  verdict: CanaryVerdict,
  seen: string,
  identity?: CanaryIdentity,
): Judgement {
  return { verdict, accepted: verdict === "accepted", seen, identity };
}

function judge({ status, text, location }: Answer): Judgement {
  if (status === 200) {
    const answer = ANSWER.safeParse(parseJson(text));
    if (answer.success) {
      const { canary } = answer.data;
      return verdictOf("accepted", "accepted the key", canary);
    }
    return text === "{}"
      ? verdictOf(
        "older",
        "is an older version of the function: deploy this one",
      )
      : verdictOf("foreign", "answered 200, but is not the function");
  }
  if (status === 401 && isRefusal(text, "invalid_signature")) {
    return verdictOf("refused", "does not accept the target's key yet");
  }
  if (status >= 300 && status < 400) {
    const to = location ? ` to ${printable(location)}` : "";
    return verdictOf(
      "foreign",
      `answered ${status}, a redirect${to}; ZITADEL's call would arrive without its body`,
    );
  }
  if (status === 404) {
    return verdictOf("foreign", "answered 404; the function serves only `/`");
  }
  return status >= 500
    ? verdictOf("failing", `answered ${status}`)
    : verdictOf("foreign", `answered ${status}; it is not the function`);
}

function isRefusal(text: string, code: string): boolean {
  const json = parseJson(text);
  return typeof json === "object" && json !== null && "error" in json &&
    json.error === code;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
