import assert from "node:assert/strict";
import {
  findUnfinishedRotation,
  type RotationSituation,
  type RotationState,
} from "../../../harness/rotate/unfinished_rotation.ts";
import type { Target } from "../../../harness/zitadel/target.ts";

const target = (id: string, name: string): Target => ({
  id,
  name,
  endpoint: "https://function.example/",
  timeoutSeconds: 10,
  interruptOnError: false,
  kind: "call",
  signingKey: `key${id}`,
  payloadType: "json",
});
const first = target("1", "ours");
const second = target("2", "ours (successor)");
const other = target("3", "other");
const bound = (...targets: string[]) => ({
  condition: "function/preaccesstoken",
  targets,
});
const also = (...targets: string[]) => ({
  condition: "function/preuserinfo",
  targets,
});

const STATES: readonly (readonly [
  RotationState | "none",
  RotationSituation,
])[] = [
  ["none", {
    targets: [first, other],
    executions: [bound("1", "3")],
    envKeys: ["key1"],
  }],
  ["created", {
    targets: [first, second],
    executions: [bound("3", "1")],
    envKeys: ["key1"],
  }],
  ["key_added", {
    targets: [first, second],
    executions: [bound("1")],
    envKeys: ["key1", "key2"],
  }],
  ["swapping", {
    targets: [first, second],
    executions: [bound("2"), also("1")],
    envKeys: ["key1", "key2"],
  }],
  ["swapped", {
    targets: [first, second],
    executions: [bound("2"), also("2")],
    envKeys: ["key1", "key2"],
  }],
  ["key_dropped", {
    targets: [first, second],
    executions: [bound("2")],
    envKeys: ["key2"],
  }],
  ["deleted", {
    targets: [other, second],
    executions: [bound("2")],
    envKeys: ["key2"],
  }],
];

Deno.test("findUnfinishedRotation() recognizes each state", async (t) => {
  for (const [state, situation] of STATES) {
    await t.step(state, () => {
      const found = findUnfinishedRotation(situation);
      assert.equal(found?.state ?? "none", state);
      if (found) assert.equal(found.name, "ours");
    });
  }
});

Deno.test("findUnfinishedRotation() looks only at the target that is named", () => {
  const [, situation] = STATES[1]!;
  assert.equal(findUnfinishedRotation(situation, "other"), undefined);
  assert.equal(findUnfinishedRotation(situation, "ours")?.name, "ours");
});
