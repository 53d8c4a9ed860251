import { projectPath } from "../../harness/util/project_path.ts";
import assert from "node:assert/strict";
import { start } from "../../tasks/start.ts";
import { TASKS } from "../_tasks.ts";
import { createTestIo } from "../harness/_test_io.ts";
import { freePort } from "../../harness/util/free_port.ts";

const ROOT = projectPath("");

Deno.test("start serves with least permissions, and ends on SIGTERM", async () => {
  // A space and a letter that a URL would encode.
  const folder = await Deno.makeTempDir({ prefix: "start é " });
  const [, ...args] = TASKS.start!.command.split(" ");
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: {
      HOST: "127.0.0.1",
      PORT: String(port),
      KV_URL: `${folder}/kv.sqlite3`,
      ZITADEL_DOMAIN: "http://127.0.0.1:9",
      AUTHORIZATION_SIGNING_KEY: "key",
      ACCESS_TOKEN: "token",
      // Offline: with what is in Deno's cache it starts all the same.
      HTTPS_PROXY: "http://127.0.0.1:9",
    },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let written = "";
  while (!written.includes('"Listening"')) {
    const { value, done } = await output.read();
    assert.ok(!done, written);
    written += value;
  }
  assert.ok(!written.includes('"error"'), written);
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  await response.body?.cancel();
  assert.equal(response.status, 200);
  const begin = performance.now();
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  while (!(await output.read()).done);
  await child.status;
  clearTimeout(late);
  assert.ok(performance.now() - begin < 5_000);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
  assert.ok((await Deno.stat(`${folder}/kv.sqlite3`)).isFile);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("start refuses settings that the function cannot use", async () => {
  const { io, errors } = createTestIo({ env: { ZITADEL_DOMAIN: "a.example" } });
  const code = await start.run(["--env-file", "/dev/null"], io);
  assert.equal(code, 64);
  assert.match(errors(), /AUTHORIZATION_SIGNING_KEY/);
});

Deno.test("start runs the program that --entry names, with the same settings and permissions", async () => {
  const folder = await Deno.makeTempDir();
  const entry = `${folder}/entry.js`;
  const env = {
    ZITADEL_DOMAIN: "a.example",
    AUTHORIZATION_SIGNING_KEY: "key",
    ACCESS_TOKEN: "token",
  };
  const exitCodeOf = async (check: string) => {
    await Deno.writeTextFile(entry, `Deno.exit((${check}) ? 0 : 1);`);
    const { io } = createTestIo({ env });
    return await start.run(["--env-file", "/dev/null", "--entry", entry], io);
  };
  assert.equal(await exitCodeOf('Deno.env.get("ACCESS_TOKEN") === "token"'), 0);
  const run = 'await Deno.permissions.query({ name: "run" })';
  assert.equal(await exitCodeOf(`(${run}).state === "granted"`), 2);
  await Deno.remove(folder, { recursive: true });
});
