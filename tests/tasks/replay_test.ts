import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import {
  FIXTURES_URL,
  readFixture,
  writeFixture,
} from "../../harness/fixtures/fixture.ts";
import { replay as task } from "../../tasks/replay.ts";
import { createTestIo } from "../harness/_test_io.ts";
import { createFixtureFunction } from "../../harness/fixtures/fixture_function.ts";

const LOGIN = new URL("calls/human_login.json", FIXTURES_URL);

async function replayWith(env: Record<string, string>, ...args: string[]) {
  const { io, printed, errors } = createTestIo({ env });
  const code = await task.run([...args, "--env-file", "/dev/null"], io);
  return { code, stdout: printed(), stderr: errors() };
}

const replay = (...args: string[]) => replayWith({}, ...args);

Deno.test("replay shows the difference and fails until it is updated", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const original = await readFixture(LOGIN);
    const edited = `${folder}/edited.json`;
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
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("replay --update replaces one reply in a table of made fixtures", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(LOGIN, `${folder}/login.json`);
    const row = (name: string, roles: string[], value: string[]) =>
      `  {
    "name": "${name}", "description": "${name}.", "from": "login",
    "change": { "set": { "/user_grants/0/roles": ${JSON.stringify(roles)} } },
    "expected": ${
        JSON.stringify({
          status: 200,
          body: { append_claims: [{ key: "permissions", value }] },
        })
      }
  }`;
    const table = (editor: string[]) => {
      const rows = [
        row("viewer", ["viewer"], ["posts:read"]),
        row("editor", ["editor"], editor),
      ];
      return `[\n${rows.join(",\n")}\n]\n`;
    };
    const file = `${folder}/made.json`;
    await Deno.writeTextFile(file, table(["edited"]));
    const { code, stdout } = await replay(file);
    assert.equal(code, 2);
    assert.match(stdout, /^2 fixtures: 1 equal, 1 differs$/m);

    assert.equal((await replay("--update", file)).code, 0);
    assert.equal((await replay(file)).code, 0);
    assert.deepEqual(
      JSON.parse(await Deno.readTextFile(file)),
      JSON.parse(table(["posts:read", "posts:write"])),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("replay finds fixtures by the name it prints", async () => {
  const { code, stdout } = await replay("values/bom", "calls/human_login");
  assert.equal(code, 0);
  assert.match(stdout, /^equal +values\/bom /m);
  assert.match(stdout, /^2 fixtures: 2 equal$/m);
});

Deno.test("deno task replay --json prints one document", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "replay", "--json", fileURLToPath(LOGIN)],
  }).output();
  const { expected } = await readFixture(LOGIN);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
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

Deno.test("replay --url fails if it is no function with that key, or all is skipped", async (t) => {
  const login = await readFixture(LOGIN);
  const key = "the-signing-key-of-another-target";
  const { handle } = await createFixtureFunction(
    { ...login, signing_key: key },
    { now: Date.now },
  );
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handle,
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const encrypted = new URL("calls/payload_type_jwe_ec.json", FIXTURES_URL);
  const run = (file: URL, AUTHORIZATION_SIGNING_KEY: string) => {
    const env = { AUTHORIZATION_SIGNING_KEY };
    return replayWith(env, "--url", url, fileURLToPath(file));
  };
  await t.step("the right key", async () => {
    const { code, stdout, stderr } = await run(LOGIN, key);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^1 fixture: 1 equal$/m);
  });
  await t.step("all skipped", async () => {
    const { code, stdout } = await run(encrypted, key);
    assert.equal(code, 2);
    assert.match(stdout, /Nothing was compared/);
  });
  await server.shutdown();
  await t.step("nothing listens", async () => {
    const { code, stderr } = await run(LOGIN, key);
    assert.equal(code, 2);
    assert.match(stderr, /did not answer/);
  });
});
