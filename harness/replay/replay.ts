/**
 * Sends fixtures to a running function and judges the replies.
 *
 * @module
 */
import { diff, isDeepStrictEqual } from "node:util";
import {
  type Fixture,
  type Reply,
  requestOf,
  signFixture,
} from "../fixtures/fixture.ts";
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
  /** Absent if the function was not asked. */
  readonly actual?: Reply;
  /** What a reader should know about the outcome. */
  readonly note?: string;
}

/** A function that is already running. */
export interface DeployedFunction {
  readonly url: string;
  readonly key: string;
}

/** Starts a function for a fixture and replays it over HTTP. */
export async function replayLocally(fixture: Fixture): Promise<Verdict> {
  const { handle, upstream } = await createFixtureFunction(fixture, {
    now: Date.now,
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handle,
  );
  try {
    const actual = await send(fixture, `http://127.0.0.1:${server.addr.port}`);
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
 * Replays a fixture against a running function, which has its own metadata and
 * settings.
 */
export async function replayDeployed(
  fixture: Fixture,
  { url, key }: DeployedFunction,
): Promise<Verdict> {
  const reason = skipReason(fixture);
  if (reason) return { outcome: "skipped", note: reason };
  return judgeDeployed(fixture, await send(fixture, url, key));
}

/** Judges the reply of a function with the fixture's settings and metadata. */
export function judge(fixture: Fixture, actual: Reply): Verdict {
  const outcome = isDeepStrictEqual(actual, fixture.expected)
    ? "equal"
    : "differs";
  return { outcome, actual };
}

/** Judges the reply of a function with metadata of its own. */
export function judgeDeployed(fixture: Fixture, actual: Reply): Verdict {
  const verdict = judge(fixture, actual);
  if (verdict.outcome === "equal") return verdict;
  const { expected } = fixture;
  if (
    actual.status === expected.status &&
    isDeepStrictEqual(withoutValues(actual), withoutValues(expected))
  ) {
    return {
      outcome: "other_metadata",
      actual,
      note:
        "Only the permissions differ: that function reads other metadata than the fixture's",
    };
  }
  if (actual.status === 401) {
    return {
      ...verdict,
      note:
        "That function does not have the signing key, or its clock is wrong",
    };
  }
  if (actual.status === 502 || actual.status === 504) {
    return {
      ...verdict,
      note:
        "That function could not read its mapping. The fixtures' organizations exist only where they were recorded, so it has to read one organization for all users (METADATA_ORGANIZATION=<id>)",
    };
  }
  return verdict;
}

/** Formats the difference between two replies. */
export function diffReplies(expected: Reply, actual: Reply): string[] {
  const lines = (reply: Reply) => JSON.stringify(reply, null, 2).split("\n");
  const marks = { "-1": "+", "0": " ", "1": "-" };
  return diff(lines(expected), lines(actual)).map(([where, line]) =>
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

/** Returns why a fixture does not apply to another function, or `undefined`. */
function skipReason(fixture: Fixture): string | undefined {
  if (fixture.settings?.PAYLOAD_PRIVATE_KEY) return "encrypted for another key";
  if (fixture.jwks) return "signed by another instance";
  if (fixture.settings) {
    return `needs ${
      Object.keys(fixture.settings).join(", ")
    } as in the fixture`;
  }
  if (fixture.expected.status >= 500) {
    return "needs a ZITADEL that refuses to answer";
  }
  return undefined;
}

/** Sends a fixture's request, signed again. */
async function send(
  fixture: Fixture,
  base: string,
  key = fixture.signing_key,
): Promise<Reply> {
  const signed = await signFixture(fixture, { now: Date.now(), key });
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
        cause instanceof Error ? cause.message : cause
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

/**
 * Removes the values of the last claim or attribute, which is the function's
 * own.
 */
function withoutValues({ body }: Reply): unknown {
  if (!isObject(body)) return body;
  const copy = structuredClone(body);
  const own = appendedTo(copy).at(-1);
  if (Array.isArray(own?.value)) own.value = [];
  return copy;
}

function appendedTo(body: Record<string, unknown>): Record<string, unknown>[] {
  return [body.append_claims, body.append_attribute]
    .flatMap((list) => Array.isArray(list) ? list : [])
    .filter(isObject);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
