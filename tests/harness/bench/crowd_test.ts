import assert from "node:assert/strict";
import { withBenchContext } from "../../../harness/bench/context.ts";
import { measureCrowd } from "../../../harness/bench/crowd.ts";
import { createTestIo } from "../_test_io.ts";

Deno.test("measureCrowd() sees one look-up and only correct replies", async () => {
  let folder = "";
  const { io } = createTestIo();
  const crowd = await withBenchContext(io, { quick: true }, (context) => {
    folder = context.folder;
    return measureCrowd(100, context);
  });
  assert.deepEqual({ ...crowd, ms: 0 }, {
    requests: 100,
    right: 100,
    lookups: 1,
    ms: 0,
  });
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});
