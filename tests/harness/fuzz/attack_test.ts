import assert from "node:assert/strict";
import { attack } from "../../../harness/fuzz/attack.ts";

Deno.test("main.ts refuses bad requests of every kind, and survives them", async () => {
  const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
  const { outcomes, wrong, survived } = await attack({ requests: 1_500, seed });
  assert.deepEqual(wrong, [], `again: deno task fuzz --seed ${seed}`);
  assert.ok(survived, "it did not drain");
  assert.equal(Object.keys(outcomes).length, 15, "a kind was never tried");
});
