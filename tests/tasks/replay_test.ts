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

Deno.test("replay shows the difference and fails until it is updated, in a file or in a table of made fixtures", async () => {
  await using folder = await tempFolder();
  const login = await readFixture(LOGIN);
  const expected = { status: 200, body: {} };
  const edited = `${folder.path}/login.json`;
  await writeFixture(edited, { ...login, expected });
  const row = (role: string, body: unknown) => ({
    name: role,
    description: `${role}.`,
    from: "login",
    change: { set: { "/user_grants/0/roles": [role] } },
    expected: { status: 200, body },
  });
  const claim = (...value: string[]) => ({
    append_claims: [{ key: "permissions", value }],
  });
  const viewer = row("viewer", claim("posts:read"));
  const rows = JSON.stringify([viewer, row("editor", claim())]);
  const table = await folder.write(rows, "made.json");

  const files = [edited, table];
  const { code, stdout } = await replay(fileURLToPath(LOGIN), ...files);
  assert.equal(code, 2);
  assert.match(
    stdout,
    /^equal +calls\/human_login +200 +permissions: read:all/m,
  );
  assert.match(stdout, /^differs +calls\/human_login/m);
  assert.match(stdout, /^ +\+ +"read:all",/m);
  assert.match(stdout, /^ +- +"body": \{\}/m);
  assert.match(stdout, /^4 fixtures: 2 equal, 2 differs$/m);

  assert.equal((await replay("--update", ...files)).code, 0);
  assert.deepEqual(await readFixture(edited), login);
  const editor = row("editor", claim("posts:read", "posts:write"));
  const updated = JSON.parse(await Deno.readTextFile(table));
  assert.deepEqual(updated, [viewer, editor]);
  assert.equal((await replay(...files)).code, 0);
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
    [["--url", "nonsense"], /expected a URL/, 64],
    [["--url", url, "--update"], /--update/, 64],
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
