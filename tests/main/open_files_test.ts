import { projectPath } from "../../harness/util/project_path.ts";
import assert from "node:assert/strict";
import { leastPermissions } from "../../harness/function/least_permissions.ts";
import { ENV } from "./_loopback.ts";

const MAIN = projectPath("main.ts");
const CONFIG = projectPath("deno.json");
const OPEN_FILES = 128;

Deno.test("main.ts outlives more connections than it may open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const env = {
    ...ENV,
    ZITADEL_DOMAIN: "http://127.0.0.1:9",
    HOST: "127.0.0.1",
    PORT: String(port),
  };
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `ulimit -n ${OPEN_FILES}; exec "$0" "$@"`,
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${CONFIG}`,
      ...leastPermissions(env),
      MAIN,
    ],
    env,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())[
    Symbol.asyncIterator
  ]();
  const said = async (text: string) => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(!done, `It ended before it said ${text}`);
      if (value.includes(text)) return;
    }
  };
  const connections: Deno.Conn[] = [];
  try {
    await said('"Listening"');
    const crowd = async () => {
      while (connections.length < 2 * OPEN_FILES) {
        connections.push(await Deno.connect({ hostname: "127.0.0.1", port }));
      }
    };
    // While it is not listening, connections are refused.
    const crowded = crowd().catch(() => {});
    await said("Cannot accept more connections");
    await crowded;
    for (const connection of connections.splice(0)) connection.close();
    // It may have run out once more meanwhile.
    let answer: string | undefined;
    for (let tries = 0; answer === undefined && tries < 10; tries++) {
      await said('"Listening"');
      answer = await fetch(`http://127.0.0.1:${port}/healthz`)
        .then((response) => response.text(), () => undefined);
    }
    assert.equal(answer, '{"status":"ok"}');
  } finally {
    for (const connection of connections) connection.close();
    child.kill("SIGKILL");
    while (!(await lines.next()).done);
    await child.status;
  }
});
