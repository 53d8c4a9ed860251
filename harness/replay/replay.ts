/**
 * Sends fixtures to a running function and judges the replies.
 *
 * @module
 */
// An older Deno exports no `diff`; it is to evaluate deno_version.ts all the same.
import util, { isDeepStrictEqual } from "node:util";
import {
  type Fixture,
  type Reply,
  requestOf,
  signFixture,
} from "../fixtures/fixture.ts";
import { messageOf } from "../cli/terminal.ts";
import { createFixtureFunction } from "../fixtures/fixture_function.ts";

/**
 * How long a function may take to reply, in milliseconds: more than ZITADEL
 * waits by default.
 */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * How a reply compares. `other_metadata`: equal except for values that come
 * from metadata. `skipped`: the function could not know the expected values.
 */
export type Outcome = "equal" | "differs" | "other_metadata" | "skipped";

export interface Verdict {
  readonly outcome: Outcome;
  /** What the function answered, if it was asked. */
  readonly actual?: Reply;
  /** What a reader should know about the outcome. */
  readonly note?: string;
}

/** Replays a fixture against a function that is started for it, over HTTP. */
export async function replayLocally(fixture: Fixture): Promise<Verdict> {
  const { handle, upstream } = await createFixtureFunction(fixture, {
    now: Date.now,
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handle,
  );
  try {
    const actual = await sendFixture(
      fixture,
      `http://127.0.0.1:${server.addr.port}`,
    );
    const verdict = judge(fixture, actual);
    const unused = upstream.unused();
    if (verdict.outcome !== "equal" || unused.length === 0) return verdict;
    return {
      outcome: "differs",
      actual,
      note: `The function never asked for ${unused.join(", ")}`,
    };
  } finally {
    await server.shutdown();
  }
}

/**
 * Judges the reply of a function that has a fixture's settings and metadata.
 */
export function judge(fixture: Fixture, actual: Reply): Verdict {
  const outcome = isDeepStrictEqual(actual, fixture.expected)
    ? "equal"
    : "differs";
  return { outcome, actual };
}

/** Shows how a reply differs. */
export function diffReplies(expected: Reply, actual: Reply): string[] {
  const lines = (reply: Reply) => JSON.stringify(reply, null, 2).split("\n");
  const marks = { "-1": "+", "0": " ", "1": "-" };
  return util.diff(lines(expected), lines(actual)).map(([where, line]) =>
    `${marks[where]} ${line}`
  );
}

/** Describes a reply in a few words. */
export function summarize({ body }: Reply): string {
  if (!isObject(body)) return JSON.stringify(body);
  if (typeof body.error === "string") return body.error;
  const appended = appendedTo(body).map((entry) => {
    const value = Array.isArray(entry.value)
      ? entry.value.length === 0 ? "(none)" : entry.value.join(", ")
      : JSON.stringify(entry.value);
    return `${entry.key ?? entry.name}: ${value}`;
  });
  return appended.length === 0 ? "nothing to add" : appended.join("; ");
}

/** Sends a fixture's request, freshly signed, and returns the reply as it is. */
export async function sendFixture(
  fixture: Fixture,
  base: string,
  key = fixture.signing_key,
): Promise<Reply> {
  const signed = signFixture(fixture, { now: Date.now(), key });
  let response: Response;
  let text: string;
  try {
    response = await fetch(requestOf(signed, base), {
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    text = await response.text();
  } catch (cause) {
    throw new Error(
      `Cannot replay ${fixture.name}: ${base} gave no answer (${
        messageOf(cause)
      })`,
      { cause },
    );
  }
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: text };
  }
}

/** The claims or attributes of a reply. */
export function appendedTo(
  body: Record<string, unknown>,
): Record<string, unknown>[] {
  return [body.append_claims, body.append_attribute]
    .flatMap((list) => Array.isArray(list) ? list : [])
    .filter(isObject);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
