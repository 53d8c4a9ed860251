import assert from "node:assert/strict";
import { setupNotes } from "../../../harness/setup/notes.ts";
import type { State, Wish } from "../../../harness/setup/plan.ts";

const EMPTY: State = {
  targets: [],
  executions: [],
  metadata: [],
  envKeys: [],
  env: {},
};

function wishFor(timeoutSeconds: number): Wish {
  return {
    target: {
      name: "Authorization Webhook",
      endpoint: "https://function.example",
      timeoutSeconds,
      interruptOnError: false,
    },
    conditions: ["function/preaccesstoken"],
    mapping: new Map(),
  };
}

Deno.test("setupNotes() warns when ZITADEL would give up before the function does", async (t) => {
  const cases: [number, string | undefined, boolean][] = [
    [10, undefined, false],
    [2.5, undefined, false],
    [2, undefined, true],
    [10, "10000", true],
    [10, "9999", false],
    [10, "", false],
  ];
  for (const [seconds, upstreamTimeoutMs, isWarned] of cases) {
    await t.step(`${seconds} s and ${upstreamTimeoutMs} ms`, () => {
      const notes = setupNotes(
        { ...EMPTY, env: { UPSTREAM_TIMEOUT_MS: upstreamTimeoutMs } },
        wishFor(seconds),
      );
      assert.equal(notes.length, isWarned ? 1 : 0);
      if (isWarned) assert.match(notes[0]!, /UPSTREAM_TIMEOUT_MS/);
    });
  }
});
