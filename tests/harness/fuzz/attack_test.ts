import assert from "node:assert/strict";
import { attack } from "../../../harness/fuzz/attack.ts";
import { startSubject } from "../../../harness/fuzz/subject.ts";

Deno.test("main.ts refuses bad requests of every kind, and survives them", async () => {
  const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
  await using subject = await startSubject(seed);
  const { outcomes, wrong } = await attack(subject, { requests: 1_500, seed });
  assert.deepEqual(wrong, [], `again: deno task fuzz --seed ${seed}`);
  assert.equal(await subject.target.stop(), 0, "it did not drain");
  assert.equal(Object.keys(outcomes).length, 14, "a kind was never tried");
});
