import assert from "node:assert/strict";
import { planRotation } from "../../../harness/rotate/plan_rotation.ts";
import type { RotationSituation } from "../../../harness/zitadel/unfinished_rotation.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import type { PayloadType, Target } from "../../../harness/zitadel/target.ts";
import { testEach } from "../../_test_each.ts";

const target = (
  id: string,
  name: string,
  payloadType: PayloadType = "json",
): Target => ({
  id,
  name,
  endpoint: "https://function.example/",
  kind: "call",
  timeoutSeconds: 10,
  interruptOnError: false,
  payloadType,
  signingKey: `key${id}`,
});
const place = {
  instance: connect("https://zitadel.example", "token"),
  envFile: ".env",
  organization: undefined,
};
const plan = (situation: RotationSituation) =>
  planRotation(
    place,
    situation,
    { name: "ours", wait: 0, probe: [] },
  ).steps.map(({ step }) => step);
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

testEach<[addresses: number, processes: number | undefined, where: string]>(
  "planRotation() says where the new key is checked",
  {
    "at the endpoint": [0, undefined, "the function (one process; if there"],
    "at one address": [1, 2, "the function (2 processes) accepts"],
    "at several": [2, undefined, "the function at each of 2 addresses accepts"],
  },
  ([addresses, processes, where]) => {
    const situation = {
      targets: [target("1", "ours")],
      executions: [],
      envKeys: [],
    };
    const probe = Array(addresses).fill("http://function.example/");
    const options = { name: "ours", wait: 0, probe, processes };
    const { steps } = planRotation(place, situation, options);
    const { lines } = steps.find(({ step }) => step === "wait")!;
    const { text } = lines[0]!;
    assert.ok(text.includes(`wait until ${where}`), text);
  },
);

Deno.test("planRotation() refuses what it could not copy", () => {
  const of = (payloadType: PayloadType) => ({
    targets: [target("1", "ours", payloadType)],
    executions: [{ condition: "function/preaccesstoken", targets: ["1"] }],
    envKeys: ["key1"],
  });
  assert.throws(() => plan(of("jwe")), /payloads are encrypted/);
  assert.equal(plan(of("jwt")).length, 7);
});
