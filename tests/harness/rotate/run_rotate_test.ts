import assert from "node:assert/strict";
import { runRotate } from "../../../harness/rotate/run_rotate.ts";
import { createTestIo } from "../_test_io.ts";
import { connected, NAME } from "./_connected.ts";

Deno.test("runRotate() reports what an interruption left, and how to go on", async () => {
  const { stack, sandbox, envFile } = await connected();
  await using _ = stack;
  const controller = new AbortController();
  const { io, printed } = createTestIo({
    env: { ZITADEL_ADMIN_TOKEN: sandbox.adminToken },
    signal: controller.signal,
  });
  const rotation = runRotate({
    name: NAME,
    envFile,
    wait: 60,
    probe: [],
    endpoint: [],
    credential: false,
    credentialDays: 365,
    processes: undefined,
    yes: true,
    dryRun: false,
    json: false,
  }, {
    ...io,
    progress: (text) => {
      if (text?.startsWith("waiting")) controller.abort(new Error("Ctrl-C"));
    },
  });
  await assert.rejects(rotation, {
    name: "Interrupted",
    message:
      /^stopped before the end\nDone:\n {2}\+ create .*\n.*\nNot done:\n {2}~ wait[^]*Run the same command again/,
  });
  assert.match(printed(), /one process; if there are more, give --processes N/);
});
