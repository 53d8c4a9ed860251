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
    /stopped before the end\n {2}Done:\n {4}\+ create .*\n.*\n {2}Not done:\n {4}~ wait[^]*Run the same command again/,
  );
  assert.match(stdout, /one process; if there are more, give --processes N/);
});
