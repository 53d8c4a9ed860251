import assert from "node:assert/strict";
import { pause } from "../../../lib/util/pause.ts";

Deno.test("pause() lets a task that waits run", async () => {
  let hasRun = false;
  setTimeout(() => hasRun = true, 0);
  await Promise.resolve();
  assert.equal(hasRun, false);
  await pause();
  assert.equal(hasRun, true);
});
