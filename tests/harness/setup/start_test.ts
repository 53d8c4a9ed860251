import assert from "node:assert/strict";
import { freePort } from "../../../harness/util/free_port.ts";
import { listExecutions } from "../../../harness/zitadel/execution.ts";
import { createSetupScene } from "./_setup_run.ts";

Deno.test("setup --start runs the function, binds it, and stops it with Ctrl-C", async () => {
  await using scene = await createSetupScene();
  const endpoint = `http://127.0.0.1:${freePort()}/`;
  const status = () =>
    fetch(`${endpoint}healthz`).then(async (response) => {
      await response.body?.cancel();
      return response.status;
    }, () => "nothing answers");
  const controller = new AbortController();
  const bound = Promise.withResolvers<void>();
  let isBinding = false;
  const running = scene.run({ endpoint, start: true, interruptOnError: true }, {
    signal: controller.signal,
    progress: (text) => {
      if (isBinding) bound.resolve();
      isBinding = text === "binding the target";
    },
  });
  await Promise.race([bound.promise, running]);
  assert.equal(await status(), 200);
  assert.equal((await listExecutions(scene.instance)).length, 1);
  controller.abort();
  const { outcome, stdout, error } = await running;
  assert.equal(outcome, "done", error);
  assert.match(stdout, /^Running at http:\S+ until Ctrl-C/m);
  assert.match(stdout, /without the function, every login fails/);
  assert.match(
    stdout,
    RegExp(`PORT=${new URL(endpoint).port} deno task start`),
  );
  assert.equal(await status(), "nothing answers");
});
