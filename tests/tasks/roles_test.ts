import assert from "node:assert/strict";
import { dirname } from "node:path";
import { startSandbox } from "../../harness/sandbox/sandbox.ts";
import { connect } from "../../harness/zitadel/client.ts";
import { listMetadata, setMetadata } from "../../harness/zitadel/metadata.ts";
import { createScratchOrganization } from "../../harness/zitadel/scratch_organization.ts";
import { roles } from "../../tasks/roles.ts";
import { setup } from "../../tasks/setup.ts";
import { tempFolder } from "../_temp_folder.ts";
import { run as runTask } from "./_run.ts";

const run = (
  args: readonly string[],
  options?: Parameters<typeof runTask>[2],
) => runTask(roles, args, options);

async function withFile(text: string) {
  const folder = await tempFolder();
  return { ...folder, path: await folder.write(text, "roles.json") };
}

/** A sandbox with an organization that has a mapping. */
async function createScene() {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const scratch = stack.use(await createScratchOrganization(instance));
  const { id } = scratch.organization;
  const parts = stack.move();
  return {
    ...{ instance, scratch },
    env: {
      ZITADEL_DOMAIN: sandbox.origin,
      ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
    },
    org: ["--org", id, "--env-file", "/dev/null"],
    keys: async () =>
      (await listMetadata(instance, id)).entries.map(({ key }) => key).sort(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

Deno.test("roles check ends with 0, 1 or 2 by the worst problem", async (t) => {
  const files: [string, number, RegExp][] = [
    ['{"admin": ["a"]}', 0, /No problems: 1 role$/m],
    ['{" admin": ["a"]}', 1, /^warning .*white space/m],
    ['{"admin": [1]}', 2, /^error .*admin\[0\]: is not a string$/m],
    [
      JSON.stringify({
        a: Array.from({ length: 500 }, (_, i) => `p:${i}00000`),
      }),
      1,
      /warning .*8 kB/,
    ],
  ];
  for (const [text, code, expected] of files) {
    await t.step(text.slice(0, 30), async () => {
      await using file = await withFile(text);
      const result = await run(["check", file.path]);
      assert.equal(result.code, code, result.stdout + result.stderr);
      assert.match(result.stdout, expected);
    });
  }
});

Deno.test("roles check --against prints who gains and loses what", async () => {
  await using before = await withFile('{"a": ["1"], "4": {"a": ["2"]}}');
  await using after = await withFile('{"a": ["1", "3"]}');
  const { code, stdout } = await run([
    ...["check", after.path, "--against", before.path],
  ]);
  assert.equal(code, 0);
  assert.match(stdout, /4:a \(removed\)\n {4}! the plain entry a applies/);
  assert.match(stdout, /^ {2}a\n {4}\+ 3$/m);
});

Deno.test("roles check in a workflow prints annotations, and no name of the file as a command", async () => {
  const name = "::add-mask::x";
  await using before = await withFile("{}");
  await using after = await withFile(JSON.stringify({ [name]: [name] }));
  const { code, stdout } = await run(
    ["check", after.path, "--against", before.path],
    { env: { GITHUB_ACTIONS: "true" } },
  );
  assert.equal(code, 1, stdout);
  const [commands, token, text] = stdout.split(
    /^::stop-commands::([\w-]{36})$/m,
  );
  assert.ok(text!.endsWith(`\n::${token}::`));
  assert.match(commands!, /^::notice file=\S+,title=Permissions::::add-mask/m);
  assert.doesNotMatch(commands!, /^\s*::add-mask/m);
  assert.match(text!, /^ {2}::add-mask::x \(added\)$/m);
});

Deno.test("roles check of 1,000 roles takes less than a second", async () => {
  const entries = Array.from({ length: 1_000 }, (_, role) => [
    `role-${role}`,
    Array.from({ length: 20 }, (_, i) => `area-${role % 50}:action-${i}`),
  ]);
  await using file = await withFile(
    JSON.stringify(Object.fromEntries(entries)),
  );
  // The best of three, since other tests use the processors at the same time.
  let milliseconds = Infinity;
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    const { stdout } = await run(["check", file.path]);
    milliseconds = Math.min(milliseconds, performance.now() - started);
    assert.match(stdout, /1,000 permissions/);
  }
  assert.ok(milliseconds < 1_000, `${milliseconds} ms`);
});

Deno.test("roles refuses wrong usage", async () => {
  assert.equal((await run([])).code, 64);
  const cases: [string[], string][] = [
    [["aply", "a.json"], "roles aply: expected .* \\(did you mean apply\\?\\)"],
    [["check"], "roles check: FILE is missing"],
    [["who"], "roles who: NAME is missing"],
    [["export", "file"], "Unexpected argument 'file'"],
    [["check", "none/a.json"], "roles check: there is no file /.*/none/a.json"],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await run(args);
    assert.equal(code, 64);
    assert.match(stderr, new RegExp(`^error: ${message}; see`));
  }
});

Deno.test("roles export, then apply, changes nothing, and --prune removes what left the file", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  await using scratch = await createScratchOrganization(instance);
  const organization = scratch.organization.id;
  await setMetadata(instance, organization, [
    { key: "logo", value: new TextEncoder().encode("two words") },
  ]);
  const env = {
    ZITADEL_DOMAIN: sandbox.origin,
    ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
  };
  const org = ["--org", organization, "--env-file", "/dev/null"];
  const exported = await run(["export", ...org], { env });
  assert.equal(exported.code, 0, exported.stderr);
  assert.match(
    exported.stderr,
    new RegExp(
      `^Organization {2}scratch \\w+ \\(${organization}\\)\\nskipped, no mapping: logo `,
    ),
  );
  await using file = await withFile(exported.stdout);
  const same = await run(["apply", file.path, "--dry-run", ...org], { env });
  assert.equal(same.code, 0, same.stdout + same.stderr);
  assert.match(same.stdout, /^Nothing to change\.$/m);
  assert.match(
    same.stdout,
    new RegExp(
      `^Organization {2}scratch \\w+ \\(${organization}\\)$`,
      "m",
    ),
  );

  const typo = JSON.stringify({ vewer: ["a"], admin: ["b"] });
  await Deno.writeTextFile(file.path, typo);
  const noted = await run(["apply", file.path, "--dry-run", ...org], { env });
  assert.match(
    noted.stdout,
    /! no project that this token can see has the role "vewer" \(did you mean viewer\?\)$/m,
  );
  await Deno.writeTextFile(file.path, '{"viewer": ["posts:read"]}');
  const kept = await run(["apply", file.path, "--dry-run", ...org], { env });
  assert.equal(kept.code, 0);
  assert.match(kept.stdout, /kept, not in the file .*: admin$/m);
  const pruning = ["apply", file.path, "--prune", ...org];
  assert.equal((await run([...pruning, "--dry-run"], { env })).code, 1);
  const declined = await run(pruning, { env, answer: false });
  assert.equal(declined.code, 1);
  const done = await run([...pruning, "--yes"], { env });
  assert.equal(done.code, 0, done.stderr);
  const { entries } = await listMetadata(instance, organization);
  assert.deepEqual(entries.map(({ key }) => key).sort(), ["logo", "viewer"]);
});

Deno.test("roles apply and setup refuse entries of projects that do not exist, unless that is meant", async () => {
  await using scene = await createScene();
  const { env, keys, org, scratch } = scene;
  const { id } = scratch.project;
  const before = await keys();
  await using foreign = await withFile(
    `{"admin": {"permissions": ["a"]}, "${id}": {"admin": ["a"]}, "x:y": ["a"]}`,
  );
  const apply = ["apply", foreign.path, "--yes", ...org];
  const refused = await run(apply, { env });
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /no project with the id "admin" that this token can see; nothing was changed.*--unknown-projects/,
  );
  assert.deepEqual(await keys(), before);
  const refusedToo = await runTask(setup, [
    ...["--roles", foreign.path, "--org", scratch.organization.id, "--yes"],
    ...["--env-file", `${dirname(foreign.path)}/.env`],
  ], { env });
  assert.equal(refusedToo.code, 2);
  assert.match(refusedToo.stderr, /no project with the id "admin"/);
  assert.deepEqual(await keys(), before);

  const meant = await run([...apply, "--unknown-projects"], { env });
  assert.equal(meant.code, 0, meant.stderr);
  assert.deepEqual(
    await keys(),
    [...before, "admin:permissions", `${id}:admin`, "x:y"].sort(),
  );
  // What is in effect already is not looked up again.
  assert.equal((await run(apply, { env })).code, 0);
});

Deno.test("roles apply names the missing right before it changes anything", async () => {
  await using scene = await createScene();
  const { env, org, scratch } = scene;
  await using file = await withFile('{"new": ["a"]}');
  const { code, stderr } = await run(["apply", file.path, "--yes", ...org], {
    env: { ...env, ZITADEL_ADMIN_TOKEN: scratch.reader.token },
  });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /org\.write is needed to write the organization's metadata: give the user ORG_OWNER/,
  );
});
