import assert from "node:assert/strict";
import { reasonFor } from "../../../harness/conformance/differences.ts";
import { runConformance } from "../../../harness/conformance/run.ts";
import { lookAt } from "../../../harness/conformance/subject.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import { createTarget } from "../../../harness/zitadel/target.ts";

/** The number of comparisons, so that none is lost. */
const FINDINGS = 160;

Deno.test("startSandbox() behaves as ZITADEL was recorded", async (t) => {
  await using sandbox = await startSandbox();
  const subject = await lookAt({
    ...sandbox,
    timeoutMs: 300,
    settle: sandbox.settled,
    note: () => {},
  });
  assert.equal(subject.release, "current");
  // Another target would change every token: the run unbinds it.
  const { instance } = subject;
  const { id } = await createTarget(instance, {
    name: "Authorization Webhook",
    endpoint: "http://127.0.0.1:9/",
    timeoutSeconds: 1,
    interruptOnError: true,
  });
  const bound = { condition: "function/preaccesstoken", targets: [id] };
  await setExecution(instance, bound);
  let count = 0;
  for await (const verdict of runConformance(subject)) {
    count++;
    await t.step(verdict.name, () => {
      if (reasonFor(verdict.name, { isSandbox: true }) === undefined) {
        assert.deepEqual(verdict.seen, verdict.recorded);
      } else {
        assert.notDeepEqual(
          verdict.seen,
          verdict.recorded,
          "The instance is as recorded: remove it from the list of differences",
        );
      }
    });
  }
  assert.equal(count, FINDINGS);
  assert.deepEqual(await listExecutions(instance), [bound]);
});
