import assert from "node:assert/strict";
import { planRotation } from "../../../harness/rotate/plan_rotation.ts";
import type { RotationSituation } from "../../../harness/rotate/unfinished_rotation.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import type { PayloadType, Target } from "../../../harness/zitadel/target.ts";

const target = (
  id: string,
  name: string,
  payloadType: PayloadType = "json",
): Target => ({
  id,
  name,
  endpoint: "https://function.example/",
  timeoutSeconds: 10,
  interruptOnError: false,
  kind: "call",
  signingKey: `key${id}`,
  payloadType,
});
const plan = (situation: RotationSituation) =>
  planRotation(
    { instance: connect("https://zitadel.example", "token"), envFile: ".env" },
    situation,
    { name: "ours", wait: 0, endpoint: [] },
  ).steps.map(({ step }) => step);
const bound = (...targets: string[]) => [
  { condition: "function/preaccesstoken", targets },
];

Deno.test("planRotation() names the targets there are if the one asked for is missing", () => {
  const situation = { targets: [], executions: [], envKeys: [] };
  assert.throws(
    () => plan(situation),
    /no target named "ours".*targets here: none/,
  );
  assert.throws(
    () => plan({ ...situation, targets: [target("1", "Ours")] }),
    /but there is "Ours"\. Run it with --name "Ours"/,
  );
});

Deno.test("planRotation() refuses what it could not copy", () => {
  const of = (payloadType: PayloadType) => ({
    targets: [target("1", "ours", payloadType)],
    executions: bound("1"),
    envKeys: ["key1"],
  });
  assert.throws(
    () => plan(of("jwe")),
    /payloads are encrypted/,
  );
  assert.equal(plan(of("jwt")).length, 7);
});

Deno.test("planRotation() lists what is left in each state", async (t) => {
  const targets = [target("1", "ours"), target("2", "ours (successor)")];
  const rest = ["drop-key", "delete-predecessor", "rename"];
  for (
    const [name, situation, steps] of [
      [
        "created",
        { targets, executions: bound("1"), envKeys: ["key1"] },
        ["add-key", "wait", "swap", ...rest],
      ],
      [
        "key added",
        { targets, executions: bound("1"), envKeys: ["key1", "key2"] },
        ["wait", "swap", ...rest],
      ],
      [
        "swapped",
        { targets, executions: bound("2"), envKeys: ["key1", "key2"] },
        ["wait", ...rest],
      ],
      [
        "key dropped",
        { targets, executions: bound("2"), envKeys: ["key2"] },
        ["wait", "delete-predecessor", "rename"],
      ],
      [
        "deleted",
        { targets: targets.slice(1), executions: bound("2"), envKeys: [] },
        ["rename"],
      ],
    ] as const
  ) {
    await t.step(name, () => {
      assert.deepEqual(plan(situation), steps);
    });
  }
});
