import assert from "node:assert/strict";
import { startSandbox } from "../../harness/sandbox/sandbox.ts";
import { connect } from "../../harness/zitadel/client.ts";
import { listTargets } from "../../harness/zitadel/target.ts";
import { createScratchOrganization } from "../../harness/zitadel/scratch_organization.ts";
import { projectPath } from "../../harness/util/project_path.ts";
import { tempFolder } from "../_temp_folder.ts";
import { startFunction } from "../harness/_function_server.ts";
import { run as runTask, spawn } from "./_run.ts";

type Env = Readonly<Record<string, string>>;

/** Runs a task in this process, with no terminal. */
const run = (task: string, args: readonly string[], env: Env = {}) =>
  runTask(task, args, { env });

Deno.test("deno task passes unknown options on", async () => {
  const { code, stderr } = await spawn("setup", ["--nonsense"]);
  assert.equal(code, 64);
  assert.match(stderr, /^error: Unknown option '--nonsense'; see /);
});

Deno.test("setup, doctor and removal work from the command line", async (t) => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  await using scratch = await createScratchOrganization(instance);
  await using folder = await tempFolder();
  const { clientId, clientSecret } = scratch.reader;
  const envFile = await folder.write(
    `CLIENT_ID=${clientId}\nCLIENT_SECRET=${clientSecret}\n`,
    ".env",
  );
  const roles = await folder.write('{"editor": ["posts:write"]}');
  await using server = startFunction(envFile, sandbox.origin);
  const env = {
    ZITADEL_DOMAIN: sandbox.origin,
    ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
  };
  const org = ["--org", scratch.organization.id];
  const file = ["--env-file", envFile];
  const args = [
    ...["--endpoint", server.endpoint, ...file, ...org],
    ...["--roles", roles, "--also", "events"],
  ];

  await t.step("setup needs an endpoint", async () => {
    const { code, stderr } = await run("setup", [...file, "--yes"], env);
    assert.equal(code, 64);
    assert.match(stderr, /--endpoint is missing/);
  });

  await t.step(
    "setup shows a diff, and changes nothing without confirmation",
    async () => {
      const { code, stdout, stderr } = await spawn("setup", args, env);
      assert.equal(code, 1);
      assert.match(stdout, /^ {2}\+ target "Authorization Webhook": endpoint/m);
      assert.match(stdout, /^ {2}\+ metadata editor: \["posts:write"\]$/m);
      assert.match(
        stdout,
        /^ {2}\+ function\/preaccesstoken calls: nothing -> "Authorization Webhook", once the function accepts its key$/m,
      );
      assert.match(stderr, /Use --yes/);
      assert.equal((await run("setup", [...args, "--dry-run"], env)).code, 1);
      assert.deepEqual(await listTargets(instance), []);
    },
  );

  await t.step(
    "setup makes the changes, and prints one JSON document",
    async () => {
      const first = await spawn("setup", [...args, "--yes", "--json"], env);
      assert.equal(first.code, 2, first.stderr);
      const { outcome, changes, pending, not_bound } = JSON.parse(first.stdout);
      assert.equal(outcome, "failed");
      assert.equal(changes.length, 4);
      assert.equal(pending.length, 2);
      assert.match(not_bound, /answered 503$/);
      const written = await Deno.readTextFile(envFile);
      assert.ok(written.includes(`\nZITADEL_DOMAIN=${sandbox.origin}\n`));
      assert.equal((await run("doctor", [...file, ...org], env)).code, 2);
      await server.reload();
      const done = await run("setup", [...args, "--yes", "--json"], env);
      assert.equal(done.code, 0, done.stderr);
      assert.equal(JSON.parse(done.stdout).changes.length, 2);
      const again = await run("setup", [...args, "--yes"], env);
      assert.match(again.stdout, /^Nothing to change\.$/m);
    },
  );

  await t.step(
    "doctor reports nothing broken once the function has the key",
    async () => {
      const { code, stdout } = await spawn(
        "doctor",
        [...file, ...org, "--live", "--json"],
        // Another project is granted to a customer.
        { ...env, PROJECTS: scratch.project.id },
      );
      const { outcome, findings } = JSON.parse(stdout);
      assert.equal(code, 0, stdout);
      assert.equal(outcome, "done");
      const live = findings.find((it: { check: string }) =>
        it.check === "live"
      );
      assert.equal(live.level, "ok");
    },
  );

  await t.step("setup leaves everything else as it is", async () => {
    const setup = async (...options: string[]) => {
      const args = [...file, "--yes", ...options];
      const { code, stdout, stderr } = await run("setup", args, env);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await setup("--timeout", "5s", "--interrupt-on-error");
    await setup("--also", "preuserinfo");
    const [target] = await listTargets(instance);
    assert.equal(target!.timeoutSeconds, 5);
    assert.equal(target!.interruptOnError, true);
    const off = await setup("--no-interrupt-on-error");
    assert.match(off, /interruptOnError on -> off$/m);
    await folder.write('{"editor": ["posts:write", "posts:read"]}');
    const mapped = await setup(...org, "--roles", roles);
    assert.equal(mapped.match(/^ {2}[-+~] /gm)?.length, 1);
  });

  await t.step("rotate --dry-run prints its steps", async () => {
    const dryRun = [...file, "--dry-run", "--json"];
    const { code, stdout } = await spawn("rotate", dryRun, env);
    assert.equal(code, 1);
    const { outcome, steps } = JSON.parse(stdout);
    assert.equal(outcome, "changes");
    assert.equal(steps.length, 7);
  });

  await t.step("setup --remove leaves no target", async () => {
    const removing = ["--remove", "--yes", ...file, "--roles", roles, ...org];
    assert.equal((await run("setup", removing, env)).code, 0);
    assert.deepEqual(await listTargets(instance), []);
  });
});

Deno.test("deploy --print prints commands that upload no administrator's token", async () => {
  await using folder = await tempFolder();
  const envFile = await folder.write(
    "ZITADEL_DOMAIN=a.example\nAUTHORIZATION_SIGNING_KEY=key\nACCESS_TOKEN=token\nZITADEL_ADMIN_TOKEN=admin\n",
  );
  const { code, stdout } = await run("deploy", [
    ...["--org", "acme", "--app", "it", "--create", "--print"],
    ...["--env-file", envFile],
  ]);
  assert.equal(code, 0);
  assert.equal(stdout.match(/^ *deno deploy /gm)?.length, 5);
  assert.match(
    stdout,
    /grep -E -- '.*\(ZITADEL_DOMAIN\|AUTHORIZATION_SIGNING_KEY\|ACCESS_TOKEN\)/,
  );
  assert.ok(!stdout.includes("ADMIN"));
});

Deno.test("explain prints where each permission of a fixture comes from", async () => {
  const file = projectPath("fixtures/calls/human_login.json");
  const { code, stdout } = await spawn("explain", [file]);
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}viewer {2}posts:read$/m);
  assert.match(stdout, /^permissions {2}read:all write:all/m);
});
