import assert from "node:assert/strict";
import { Interrupted } from "../../../harness/cli/errors.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import {
  listMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import { createTarget, listTargets } from "../../../harness/zitadel/target.ts";
import { startFunction } from "../_function_server.ts";
import { createSetupScene } from "./_setup_run.ts";

const TARGET = {
  name: "theirs",
  endpoint: "http://127.0.0.1:9/",
  timeoutSeconds: 1,
  interruptOnError: false,
};
const PREACCESSTOKEN = "function/preaccesstoken";
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("setup names entries that stay, and --prune removes those that are a mapping", async () => {
  await using scene = await createSetupScene();
  const { run, roles, instance } = scene;
  const org = scene.scratch.organization.id;
  await setMetadata(instance, org, [
    { key: "logo", value: bytes("two words") },
  ]);
  const file = await roles({ admin: ["read:all"] });
  const kept = await run({ roles: file, org });
  assert.match(kept.stdout, /! kept, not in the file .*: viewer$/m);
  const pruned = await run({ roles: file, org, prune: true });
  assert.equal(pruned.outcome, "done", pruned.error);
  const { entries } = await listMetadata(instance, org);
  assert.deepEqual(entries.map(({ key }) => key).sort(), ["admin", "logo"]);

  const other = await roles({ admin: ["other"] });
  const removed = await run({ remove: true, roles: other, org });
  assert.match(removed.stdout, /! kept, differs from the file: admin$/m);
});

Deno.test("setup refuses to change a target during a rotation, but turns it off and removes it", async () => {
  await using scene = await createSetupScene();
  const { run, instance } = scene;
  await createTarget(instance, {
    ...TARGET,
    name: "a",
    interruptOnError: true,
  });
  const successor = await createTarget(instance, {
    ...TARGET,
    name: "a (successor)",
    interruptOnError: true,
  });
  await setExecution(instance, {
    condition: PREACCESSTOKEN,
    targets: [successor.id],
  });
  const refused = await run({ name: "a", also: ["events"] });
  assert.match(
    refused.error,
    /A rotation of "a" is unfinished: run `deno task rotate --name 'a'` first/,
  );
  const off = await run({ name: "a", interruptOnError: false });
  assert.equal(off.outcome, "done", off.error);
  assert.deepEqual(
    (await listTargets(instance)).map((it) => it.interruptOnError),
    [false, false],
  );
  const removed = await run({ name: "a", remove: true });
  assert.equal(removed.outcome, "done", removed.error);
  assert.deepEqual(await listTargets(instance), []);
  assert.deepEqual(await listExecutions(instance), []);
});

Deno.test("setup --unbind takes the target out of what it names, and leaves the rest", async () => {
  await using scene = await createSetupScene();
  const { run, instance } = scene;
  const ours = await createTarget(instance, { ...TARGET, name: "a" });
  const other = await createTarget(instance, { ...TARGET, name: "b" });
  const EVENTS = "event/group/org.metadata";
  for (const condition of [PREACCESSTOKEN, EVENTS]) {
    const targets = [ours.id, other.id];
    await setExecution(instance, { condition, targets });
  }
  const dry = await run({ name: "a", unbind: ["events"], dryRun: true });
  assert.equal(dry.outcome, "changes", dry.error);
  assert.match(dry.stdout, /org\.metadata calls: "a", "b" -> "b"/);
  const done = await run({ name: "a", unbind: ["events"] });
  assert.equal(done.outcome, "done", done.error);
  const bound = async () =>
    new Map(
      (await listExecutions(instance))
        .map(({ condition, targets }) => [condition, targets]),
    );
  assert.deepEqual((await bound()).get(EVENTS), [other.id]);
  assert.deepEqual((await bound()).get(PREACCESSTOKEN), [ours.id, other.id]);
  const again = await run({ name: "a", unbind: ["events"] });
  assert.equal(again.outcome, "done", again.error);
  const unknown = await run({ name: "none", unbind: ["events"] });
  assert.match(unknown.error, /There is no target "none"/);
  const refused = await run({ unbind: ["events"], timeout: 5 });
  assert.match(refused.error, /--unbind goes with --name only/);
});

Deno.test("setup checks the env file and the roles before it changes anything", async () => {
  await using scene = await createSetupScene();
  const { run, snapshot, roles, folder, instance } = scene;
  const before = await snapshot();
  const endpoint = TARGET.endpoint;
  const typo = await run({ endpoint, envFile: `${folder}/typo/.env` });
  assert.match(typo.error, /there is no folder/);
  await Deno.writeTextFile(
    `${folder}/other.env`,
    "ZITADEL_DOMAIN=other.example\n",
  );
  const other = await run({ endpoint, envFile: `${folder}/other.env` });
  assert.match(other.error, /belongs to another instance/);
  const large = await roles({ admin: ["x".repeat(100_000)] });
  const refused = await run({ endpoint, roles: large });
  assert.match(refused.error, /admin: takes 100,004 bytes/);
  const denied = await run({ endpoint: "http://gone.invalid/" });
  assert.match(denied.error, /ZITADEL refuses the endpoint/);
  // Nothing was done, so there is nothing to list.
  assert.equal(denied.stderr, "");
  assert.deepEqual(await snapshot(), before);

  await createTarget(instance, { ...TARGET, name: "authorization webhook" });
  const similar = await run({ endpoint });
  assert.match(similar.error, /but there is "authorization webhook"/);
});

Deno.test("setup names missing rights before it changes anything", async () => {
  await using scene = await createSetupScene();
  const { run, snapshot, sandbox, scratch } = scene;
  sandbox.world.members.push({
    userId: scratch.reader.id,
    roles: ["IAM_OWNER_VIEWER"],
  });
  const before = await snapshot();
  const { outcome, error } = await run(
    { endpoint: TARGET.endpoint },
    { env: { ZITADEL_ADMIN_TOKEN: scratch.reader.token } },
  );
  assert.equal(outcome, "Error");
  assert.match(
    error,
    /action\.target\.write is needed to create the target: give the user IAM_OWNER/,
  );
  assert.deepEqual(await snapshot(), before);
});

Deno.test("setup reports what was done when it is interrupted, and continues", async () => {
  await using scene = await createSetupScene();
  const { run, envFile, sandbox, roles } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  const controller = new AbortController();
  const options = {
    endpoint: server.endpoint,
    roles: await roles({ new: ["a"] }),
    org: scene.scratch.organization.id,
    wait: 60,
  };
  const { outcome, error } = await run(options, {
    signal: controller.signal,
    progress: (text) => {
      if (text?.startsWith("waiting")) {
        controller.abort(new Interrupted("stopped before the end"));
      }
    },
  });
  assert.equal(outcome, "Interrupted");
  assert.match(
    error,
    /^stopped before the end\nDone:\n[^]*\+ metadata new: \["a"\]\nNot done:\n.*preaccesstoken calls.*\nRun the same command again: it continues from here$/,
  );
  await server.reload();
  const again = await run(options);
  assert.equal(again.outcome, "done", again.error);
});

Deno.test("setup names a later target that replaces the claim", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await run({ endpoint: server.endpoint });
  await server.reload();
  await run({});
  const theirs = await createTarget(instance, TARGET);
  const [execution] = await listExecutions(instance);
  await setExecution(instance, {
    condition: PREACCESSTOKEN,
    targets: [...execution!.targets, theirs.id],
  });
  // It does not ask whether to do nothing.
  const { outcome, stdout } = await run({ yes: false }, { answer: false });
  assert.equal(outcome, "done");
  assert.match(stdout, /^Nothing to change\.$/m);
  assert.match(
    stdout,
    /! function\/preaccesstoken calls "theirs" after "Authorization Webhook": if it answers with append_claims/,
  );
});

Deno.test("setup refuses events for a target whose payloads are JWTs", async () => {
  await using scene = await createSetupScene();
  const { run, instance } = scene;
  await createTarget(instance, { ...TARGET, name: "jwt" }, "jwt");
  const { error } = await run({ name: "jwt", also: ["events"] });
  assert.match(error, /^Cannot bind "jwt" to events: its payload type is JWT/);
});

Deno.test("setup --remove of a name that does not exist names those that do", async () => {
  await using scene = await createSetupScene();
  const { run, instance } = scene;
  const nothing = await run({ remove: true });
  assert.equal(nothing.outcome, "done");
  assert.doesNotMatch(nothing.stdout, /Removed/);
  await createTarget(instance, TARGET);
  const typo = await run({ remove: true, name: "typo" });
  assert.equal(typo.outcome, "warnings");
  assert.match(
    typo.stdout,
    /! there is no target "typo"; targets here: "theirs"$/m,
  );
});

Deno.test("setup says that the env file lacks a credential", async () => {
  await using scene = await createSetupScene();
  await Deno.writeTextFile(scene.envFile, "");
  const { stdout } = await scene.run({ endpoint: TARGET.endpoint });
  assert.match(stdout, /^Next: .* has no credential of a service user yet/m);
});

Deno.test("setup prints no control characters of names", async () => {
  await using scene = await createSetupScene();
  const { run, instance, scratch } = scene;
  await createTarget(instance, { ...TARGET, name: "bad\u001b[31m" });
  const organization = scene.sandbox.world.organizations.get(
    scratch.organization.id,
  )!;
  organization.name = "org\u001b[2J";
  const { stdout } = await run({
    endpoint: TARGET.endpoint,
    roles: await scene.roles({ "a": ["b"] }),
    org: organization.id,
    dryRun: true,
  });
  assert.match(stdout, /: endpoint .*, timeout 10s, interruptOnError off,/);
  assert.match(stdout, /org\\u\{1b\}\[2J/);
  assert.match(stdout, /the target "bad\\u\{1b\}\[31m" has the same endpoint/);
});

Deno.test("setup refuses options that contradict each other", async () => {
  await using scene = await createSetupScene();
  for (
    const options of [
      { prune: true },
      { remove: true, start: true },
      { start: true, json: true },
      { projects: false, project: ["1"] },
      { projects: false, forCustomers: true },
      { remove: true, forCustomers: true },
      { unbind: ["events" as const], wait: 1 },
    ]
  ) {
    assert.equal((await scene.run(options)).outcome, "UsageError");
  }
});
