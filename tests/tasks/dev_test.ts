import assert from "node:assert/strict";
import { denoEnvironment } from "../../harness/util/deno_environment.ts";
import { startServer } from "../../harness/util/server_process.ts";
import { freePort } from "../../harness/util/free_port.ts";

Deno.test("dev prints where everything is, and stops all of it", async () => {
  const port = freePort();
  const args = ["--port", String(port), "--env-file", "/dev/null"];
  await using running = await startServer({
    name: "dev",
    command: [Deno.execPath(), "task", "--quiet", "dev", ...args],
    env: denoEnvironment(Deno.env.toObject(), ["PATH"]),
    urlIn: (line) => /Ctrl-C/.test(line) ? line : undefined,
  });
  const output = running.lines.join("\n");
  const addresses = ["Inspector", "Function", "ZITADEL"].map((name) =>
    new RegExp(`^${name} +(http\\S+)`, "m").exec(output)?.[1] ?? name
  );
  assert.equal(addresses[0], `http://localhost:${port}`);
  for (const address of addresses) {
    const path = address === addresses[0] ? "/" : "/healthz";
    const { body, status } = await fetch(new URL(path, address));
    await body?.cancel();
    assert.ok(status < 500, address);
  }
  assert.equal(await running.stop("SIGINT"), 0, running.lines.join("\n"));
  for (const address of addresses) {
    await assert.rejects(fetch(address), TypeError, address);
  }
});
