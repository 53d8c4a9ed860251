import assert from "node:assert/strict";
import { projectPath } from "../../harness/util/project_path.ts";
import { tempFolder } from "../_temp_folder.ts";
import { startFunction } from "../harness/_function_server.ts";
import { createSetupScene } from "../harness/setup/_setup_run.ts";
import { run as runTask, spawn } from "./_run.ts";

type Env = Readonly<Record<string, string>>;

/** Runs a task in this process, with no terminal. */
const run = (task: string, args: readonly string[], env: Env = {}) =>
  runTask(task, args, { env });

Deno.test("setup, doctor and rotate work from the command line", async () => {
  await using scene = await createSetupScene();
  const { sandbox, scratch, envFile, settings } = scene;
  const { clientId, clientSecret } = scratch.reader;
  await scene.write(`CLIENT_ID=${clientId}\nCLIENT_SECRET=${clientSecret}\n`);
  await using server = startFunction(envFile, sandbox.origin);
  const env = {
    ZITADEL_DOMAIN: sandbox.origin,
    ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
  };
  const file = ["--env-file", envFile];
  const org = ["--org", scratch.organization.id];
  const ofRoles = [...org, "--roles", await scene.roles({ editor: ["write"] })];
  const args = [
    ...["--endpoint", server.endpoint, "--also", "events", "--timeout", "5s"],
    ...[...file, ...ofRoles],
  ];
  const before = await scene.snapshot();

  const declined = await spawn("setup", args, env);
  assert.equal(declined.code, 1);
  assert.match(declined.stdout, /^ {2}\+ metadata editor: \["write"\]$/m);
  assert.match(declined.stderr, /Use --yes/);
  assert.deepEqual(await scene.snapshot(), before);

  const prepared = await spawn("setup", [...args, "--yes", "--json"], env);
  assert.equal(prepared.code, 2, prepared.stderr);
  const { outcome, changes, not_bound } = JSON.parse(prepared.stdout);
  assert.deepEqual([outcome, changes.length], ["failed", 4]);
  assert.match(not_bound, /answered 503$/);
  assert.equal((await settings()).ZITADEL_DOMAIN, sandbox.origin);
  await server.reload();

  const on = [...file, "--interrupt-on-error", "--yes"];
  assert.equal((await run("setup", on, env)).code, 0);
  const [target] = (await scene.snapshot()).targets;
  // What is not named stays as it is.
  assert.equal(target!.timeoutSeconds, 5);
  assert.equal(target!.interruptOnError, true);

  const examined = await spawn(
    "doctor",
    [
      ...[...file, ...org, "--client-id", scratch.application.clientId],
      ...["--live", "--json"],
    ],
    // Another project is granted to a customer.
    { ...env, PROJECTS: scratch.project.id },
  );
  assert.equal(examined.code, 0, examined.stdout);
  for (const check of ["client", "live"]) {
    assert.match(examined.stdout, RegExp(`"${check}",\\s+"level": "ok"`));
  }

  const rotating = [...file, "--dry-run", "--json"];
  const planned = await spawn("rotate", rotating, env);
  assert.equal(planned.code, 1);
  assert.equal(JSON.parse(planned.stdout).steps.length, 7);

  const removing = [...file, ...ofRoles, "--remove", "--yes"];
  assert.equal((await run("setup", removing, env)).code, 0);
  assert.deepEqual((await scene.snapshot()).targets, []);
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
