import assert from "node:assert/strict";
import { rotate } from "../../../tasks/rotate.ts";
import { run } from "../../tasks/_run.ts";
import { connected, NAME } from "./_connected.ts";

Deno.test("rotate reports what an interruption left, and how to go on", async () => {
  const { stack, sandbox, envFile } = await connected();
  await using _ = stack;
  const controller = new AbortController();
  const args = ["--name", NAME, "--env-file", envFile, "--wait", "1m", "--yes"];
  const { code, stdout, stderr } = await run(rotate, args, {
    env: { ZITADEL_ADMIN_TOKEN: sandbox.adminToken },
    signal: controller.signal,
    progress: (text) => {
      if (text?.startsWith("waiting")) controller.abort(new Error("Ctrl-C"));
    },
  });
  assert.equal(code, 130);
  assert.match(
    stderr,
    /^Done:\n {2}\+ create .*\n.*\nNot done:\n {2}~ wait[^]*stopped before the end: run the same command again/m,
  );
  assert.match(stdout, /one process; if there are more, give --processes N/);
});
