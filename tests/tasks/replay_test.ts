import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import {
  FIXTURES_URL,
  readFixture,
  writeFixture,
} from "../../harness/fixtures/fixture.ts";
import { replay as task } from "../../tasks/replay.ts";
import { tempFolder } from "../_temp_folder.ts";
import { serve } from "../harness/_serve.ts";
import { run, spawn } from "./_run.ts";
import { createFixtureFunction } from "../../harness/fixtures/fixture_function.ts";

const LOGIN = new URL("calls/human_login.json", FIXTURES_URL);

const replayWith = (env: Record<string, string>, ...args: string[]) =>
  run(task, [...args, "--env-file", "/dev/null"], { env });

const replay = (...args: string[]) => replayWith({}, ...args);

Deno.test("replay shows the difference and fails until it is updated", async () => {
  await using folder = await tempFolder();
  const original = await readFixture(LOGIN);
  const edited = `${folder.path}/edited.json`;
  await writeFixture(edited, {
    ...original,
    expected: { status: 200, body: {} },
  });

  const { code, stdout } = await replay(fileURLToPath(LOGIN), edited);
  assert.equal(code, 2);
  assert.match(
    stdout,
    /^equal +calls\/human_login +200 +permissions: read:all/m,
  );
  assert.match(stdout, /^differs/m);
  assert.match(stdout, /^ +\+ +"read:all",/m);
  assert.match(stdout, /^ +- +"body": \{\}/m);
  assert.match(stdout, /^2 fixtures: 1 equal, 1 differs$/m);

  const updated = await replay("--update", edited);
  assert.equal(updated.code, 0);
  assert.match(updated.stdout, /^ +\+ +"read:all",/m);
  assert.deepEqual(await readFixture(edited), original);
  assert.equal((await replay(edited)).code, 0);
});

Deno.test("replay --update replaces one reply in a table of made fixtures", async () => {
  await using folder = await tempFolder();
  await Deno.copyFile(LOGIN, `${folder.path}/login.json`);
  const row = (name: string, value: string[]) => ({
    ...{ name, description: `${name}.`, from: "login" },
    change: { set: { "/user_grants/0/roles": [name] } },
    expected: {
      status: 200,
      body: { append_claims: [{ key: "permissions", value }] },
    },
  });
  const table = (editor: string[]) => [
    row("viewer", ["posts:read"]),
    row("editor", editor),
  ];
  const text = JSON.stringify(table(["edited"]), null, 2);
  const file = await folder.write(`${text}\n`, "made.json");
  const { code, stdout } = await replay(file);
  assert.equal(code, 2);
  assert.match(stdout, /^2 fixtures: 1 equal, 1 differs$/m);

  assert.equal((await replay("--update", file)).code, 0);
  assert.equal((await replay(file)).code, 0);
  assert.deepEqual(
    JSON.parse(await Deno.readTextFile(file)),
    table(["posts:read", "posts:write"]),
  );
});

Deno.test("replay finds fixtures by the name it prints", async () => {
  const { code, stdout } = await replay("values/bom", "calls/human_login");
  assert.equal(code, 0);
  assert.match(stdout, /^equal +values\/bom /m);
  assert.match(stdout, /^2 fixtures: 2 equal$/m);
});

Deno.test("deno task replay --json prints one document", async () => {
  const { stdout } = await spawn("replay", ["--json", fileURLToPath(LOGIN)]);
  const { expected } = await readFixture(LOGIN);
  assert.deepEqual(JSON.parse(stdout), {
    outcome: "done",
    fixtures: [{
      name: "calls/human_login",
      outcome: "equal",
      expected,
      actual: expected,
    }],
  });
});

Deno.test("replay reports what is wrong with its arguments", async (t) => {
  const url = "http://127.0.0.1:9";
  const cases: [string[], RegExp, number][] = [
    [["--url", url], /AUTHORIZATION_SIGNING_KEY/, 64],
    [["--org", "4711"], /--url/, 64],
    [["--key", "key"], /Unknown option '--key'/, 64],
    [["--url", "nonsense"], /expected a URL/, 64],
    [["--url", url, "--update"], /--update/, 64],
    [["--urll"], /--urll/, 64],
    [["no_such_file.json"], /no_such_file\.json/, 2],
  ];
  for (const [args, message, exitCode] of cases) {
    await t.step(message.source, async () => {
      const { code, stdout, stderr } = await replay(...args);
      assert.equal(code, exitCode);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    });
  }
});

Deno.test("replay --url needs a function with that key, and something to compare", async (t) => {
  const login = await readFixture(LOGIN);
  const key = "the-signing-key-of-another-target";
  const { handle } = await createFixtureFunction(
    { ...login, signing_key: key },
    { now: Date.now },
  );
  await using server = serve(handle);
  const at = server.endpoint;
  const encrypted = new URL("calls/payload_type_jwe_ec.json", FIXTURES_URL);
  const cases: [string, string, URL, number, RegExp][] = [
    [at, `other,${key}`, LOGIN, 0, /^1 fixture: 1 equal$/m],
    [at, key, encrypted, 2, /Nothing was compared/],
    [at, "wrong", LOGIN, 2, /does not accept the target's key/],
    [`${at}healthz`, key, LOGIN, 2, /Cannot replay/],
    ["http://127.0.0.1:9", key, LOGIN, 2, /did not answer/],
  ];
  for (
    const [url, AUTHORIZATION_SIGNING_KEY, file, expected, message] of cases
  ) {
    await t.step(message.source, async () => {
      const env = { AUTHORIZATION_SIGNING_KEY };
      const args = ["--url", url, fileURLToPath(file)];
      const { code, stdout, stderr } = await replayWith(env, ...args);
      assert.equal(code, expected, stderr);
      assert.match(stdout + stderr, message);
    });
  }
});
