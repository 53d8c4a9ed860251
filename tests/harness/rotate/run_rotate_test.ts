import assert from "node:assert/strict";
import type { Io } from "../../../harness/cli/io.ts";
import { runRotate } from "../../../harness/rotate/run_rotate.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { createTarget } from "../../../harness/zitadel/target.ts";

/** An Io that keeps what is printed, and is interrupted at the first wait. */
function interruptedIo(env: Record<string, string>) {
  const controller = new AbortController();
  const printed: string[] = [];
  const io: Io = {
    print: (line) => void printed.push(line),
    error: (line) => void printed.push(line),
    progress: (text) => {
      if (text?.startsWith("waiting")) controller.abort(new Error("Ctrl-C"));
    },
    ask: () => undefined,
    env,
    untilInterrupted: () => controller.signal,
  };
  return { io, printed };
}

const OPTIONS = {
  name: "ours",
  wait: 60,
  endpoint: [],
  credential: false,
  credentialDays: 365,
  dryRun: false,
  yes: true,
  json: false,
};

Deno.test("runRotate() reports what an interruption left, and how to go on", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const { signingKey } = await createTarget(instance, {
    name: "ours",
    endpoint: "http://127.0.0.1:9/",
    timeoutSeconds: 10,
    interruptOnError: false,
  });
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  try {
    await Deno.writeTextFile(
      envFile,
      `ZITADEL_DOMAIN=${sandbox.origin}\nAUTHORIZATION_SIGNING_KEY=${signingKey}\n`,
    );
    const { io, printed } = interruptedIo({
      ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
    });
    await assert.rejects(runRotate({ ...OPTIONS, envFile }, io), (error) => {
      assert.ok(error instanceof Error);
      assert.equal(error.name, "Interrupted");
      assert.match(
        error.message,
        /^2 of 6 steps are done\. Not done:\n {2}- wait/,
      );
      assert.match(error.message, /Run the same command again/);
      return true;
    });
    assert.match(
      printed.join("\n"),
      /one process; if there are more, give --processes N/,
    );
  } finally {
    await Deno.remove(envFile);
  }
});
