import assert from "node:assert/strict";
import { denoEnvironment } from "../../harness/util/deno_environment.ts";
import { freePort } from "../../harness/util/free_port.ts";
import { dev } from "../../tasks/dev.ts";
import { createTestIo } from "../harness/_test_io.ts";

const TIMEOUT_MS = 20_000;

Deno.test("dev prints where everything is, and stops all of it", async () => {
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "dev", "--port", String(port)]
      .concat("--env-file", "/dev/null"),
    clearEnv: true,
    env: denoEnvironment(Deno.env.toObject(), ["PATH"]),
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).spawn();
  const errors = new Response(child.stderr).text();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk);
    if (/Ctrl-C/.test(output)) break;
  }
  const addresses = ["Inspector", "Function", "ZITADEL"].map((name) =>
    new RegExp(`^${name} +(http\\S+)`, "m").exec(output)?.[1] ?? name
  );
  assert.equal(addresses[0], `http://localhost:${port}`);
  for (const address of addresses) {
    const { body, status } = await fetch(
      new URL(address === addresses[0] ? "/" : "/healthz", address),
    );
    await body?.cancel();
    assert.ok(status < 500, address);
  }
  child.kill("SIGINT");
  assert.equal((await child.status).code, 0, await errors);
  for (const address of addresses) {
    await assert.rejects(fetch(address), TypeError, address);
  }
});

Deno.test("dev refuses a port that is none", async () => {
  const { io, errors } = createTestIo();
  assert.equal(await dev.run(["--port", "0"], io), 64);
  assert.match(
    errors(),
    /--port 0: expected a whole number from 1 to 65,535/,
  );
});
