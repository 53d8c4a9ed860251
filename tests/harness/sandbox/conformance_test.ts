import assert from "node:assert/strict";
import { reasonFor } from "../../../harness/conformance/differences.ts";
import { runConformance } from "../../../harness/conformance/run.ts";
import { lookAt } from "../../../harness/conformance/subject.ts";
import { RELEASES } from "../../../harness/sandbox/release.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";

/** How many recordings there are of each release, so that none is lost. */
const FINDINGS = { "3.4": 95, "4.6": 97, "current": 162 };

for (const release of RELEASES) {
  Deno.test(`startSandbox() answers and calls as ZITADEL ${release} was recorded to do`, async (t) => {
    await using sandbox = await startSandbox({ release });
    const subject = await lookAt({
      ...sandbox,
      timeoutMs: 100,
      settle: sandbox.settled,
    });
    assert.equal(subject.release, release);
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
            "It is as recorded: take it from the list of differences",
          );
        }
      });
    }
    assert.equal(count, FINDINGS[release]);
  });
}
