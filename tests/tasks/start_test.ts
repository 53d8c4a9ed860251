import assert from "node:assert/strict";
import { TASKS } from "../_tasks.ts";
import { tempFolder } from "../_temp_folder.ts";
import { run } from "./_run.ts";
import { denoEnvironment } from "../../harness/util/deno_environment.ts";
import { startServer } from "../../harness/util/server_process.ts";

const SETTINGS = {
  ZITADEL_DOMAIN: "http://127.0.0.1:9",
  AUTHORIZATION_SIGNING_KEY: "key",
  ACCESS_TOKEN: "token",
};

Deno.test("start serves with least permissions, and ends on SIGTERM", async () => {
  // A space and a letter that a URL would encode.
  const folder = await Deno.makeTempDir({ prefix: "start é " });
  const [, ...args] = TASKS.start!.command.split(" ");
  const running = await startServer({
    name: "start",
    command: [Deno.execPath(), ...args],
    env: {
      ...denoEnvironment(Deno.env.toObject()),
      ...SETTINGS,
      HOST: "127.0.0.1",
      PORT: "0",
      KV_URL: `${folder}/kv.sqlite3`,
      // Offline: with what is in Deno's cache it starts all the same.
      HTTPS_PROXY: "http://127.0.0.1:9",
    },
    urlIn: (line) =>
      line.includes('"Listening"')
        ? `http://127.0.0.1:${JSON.parse(line).port}/healthz`
        : undefined,
  });
  assert.ok(!running.lines.some((line) => line.includes('"level":"error"')));
  assert.deepEqual(await (await fetch(running.url)).json(), { status: "ok" });
  assert.equal(await running.stop(), 0);
  await assert.rejects(fetch(running.url));
  assert.ok((await Deno.stat(`${folder}/kv.sqlite3`)).isFile);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("start and record refuse settings that the function cannot use", async () => {
  const cases = [
    ["start", "AUTHORIZATION_SIGNING_KEY", ""],
    ["record", "AUTHORIZATION_SIGNING_KEY", ""],
    ["record", "PAYLOAD_PRIVATE_KEY", "no key"],
  ] as const;
  for (const [task, name, value] of cases) {
    const env = { ...SETTINGS, [name]: value };
    const { code, stderr } = await run(task, ["--env-file", "/dev/null"], {
      env,
    });
    assert.equal(code, 64);
    assert.match(stderr, new RegExp(`^error: [^]*${name}`));
  }
});

Deno.test("start runs the program that --entry names, with the same settings and permissions", async () => {
  await using folder = await tempFolder();
  const exitCodeOf = async (check: string) => {
    const text = `Deno.exit((${check}) ? 0 : 1);`;
    const entry = await folder.write(text, "entry.js");
    const args = ["--env-file", "/dev/null", "--entry", entry];
    return (await run("start", args, { env: SETTINGS })).code;
  };
  assert.equal(await exitCodeOf('Deno.env.get("ACCESS_TOKEN") === "token"'), 0);
  const permission = 'await Deno.permissions.query({ name: "run" })';
  assert.equal(await exitCodeOf(`(${permission}).state === "granted"`), 2);
});
