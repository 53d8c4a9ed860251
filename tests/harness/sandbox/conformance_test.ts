import assert from "node:assert/strict";
import { reasonFor } from "../../../harness/conformance/differences.ts";
import { runConformance } from "../../../harness/conformance/run.ts";
import { lookAtSandbox } from "../../../harness/conformance/subject.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";

/** The number of comparisons, so that none is lost. */
const FINDINGS = 154;

Deno.test("startSandbox() behaves as ZITADEL was recorded", async (t) => {
  await using sandbox = await startSandbox();
  const subject = await lookAtSandbox(sandbox);
  assert.equal(subject.release, "current");
  let count = 0;
  for await (const { name, seen, recorded } of runConformance(subject)) {
    count++;
    await t.step(name, () => {
      if (reasonFor(name) === undefined) {
        assert.deepEqual(seen, recorded);
      } else {
        const advice = "As recorded: remove it from the list of differences";
        assert.notDeepEqual(seen, recorded, advice);
      }
    });
  }
  assert.equal(count, FINDINGS);
});
