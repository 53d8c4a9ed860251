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
import { createFixtureFunction } from "../fixtures/fixture_function.ts";

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

/** Replays a fixture against a function with its settings and metadata. */
export async function replayLocally(fixture: Fixture): Promise<Verdict> {
  const options = { now: Date.now };
  const { handle, upstream } = await createFixtureFunction(fixture, options);
  const request = freshRequest(fixture, "http://localhost");
  const actual = await readReply(await handle(request));
  const unused = upstream.unused();
  const isEqual = isDeepStrictEqual(actual, fixture.expected);
  if (!isEqual || unused.length === 0) {
    return { outcome: isEqual ? "equal" : "differs", actual };
  }
  const note = `The function never asked for ${unused.join(", ")}`;
  return { outcome: "differs", actual, note };
}

/** A fixture's request, signed now. */
export function freshRequest(
  fixture: Fixture,
  base: string,
  key = fixture.signing_key,
): Request {
  return requestOf(signFixture(fixture, { now: Date.now(), key }), base);
}

/** Reads a reply as it is. */
export async function readReply(response: Response): Promise<Reply> {
  const text = await response.text();
  return { status: response.status, body: parseJson(text) ?? text };
}

/** Some fixtures and replies are no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
