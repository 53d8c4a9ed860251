import assert from "node:assert/strict";
import { Interrupted } from "../../../harness/cli/errors.ts";
import { addTarget } from "../_add_target.ts";
import { startFunction } from "../_function_server.ts";
import {
  createSetupScene,
  EVENTS,
  NOWHERE,
  PREACCESSTOKEN,
} from "./_setup_run.ts";

const endpoint = NOWHERE;

Deno.test("setup names entries that stay, and --prune removes those that are a mapping", async () => {
  await using scene = await createSetupScene();
  const { expect, roles, sandbox } = scene;
  const org = scene.scratch.organization.id;
  await scene.setEntry("logo", "two words");
  const options = { roles: await roles({ admin: ["read:all"] }), org };
  await expect(options, "done", [/! kept, not in the file .*: viewer$/m]);
  await expect({ ...options, prune: true }, "done");
  const { metadata } = sandbox.world.organizations.get(org)!;
  assert.deepEqual([...metadata.keys()].sort(), ["admin", "logo"]);
});

Deno.test("setup refuses to change a target during a rotation, but turns it off and removes it", async () => {
  await using scene = await createSetupScene();
  const { expect, instance, snapshot } = scene;
  const on = { interruptOnError: true };
  await addTarget(instance, { name: "a", ...on });
  const { id } = await addTarget(instance, { name: "a (successor)", ...on });
  await scene.bind(PREACCESSTOKEN, id);
  await expect({ name: "a", also: ["events"] }, "Error", [
    "A rotation of \"a\" is unfinished: run `deno task rotate --name 'a'` first",
  ]);
  await expect({ name: "a", interruptOnError: false }, "done");
  const { targets } = await snapshot();
  assert.deepEqual(targets.map((it) => it.interruptOnError), [false, false]);
  await expect({ name: "a", remove: true }, "done");
  const after = await snapshot();
  assert.deepEqual([after.targets, after.executions], [[], {}]);
});

Deno.test("setup --unbind takes the target out of what it names, and leaves the rest", async () => {
  await using scene = await createSetupScene();
  const { expect, instance } = scene;
  const ours = await addTarget(instance, { name: "a" });
  const other = await addTarget(instance, { name: "b" });
  await scene.bind(PREACCESSTOKEN, ours.id, other.id);
  await scene.bind(EVENTS, ours.id, other.id);
  const options = { name: "a", unbind: ["events" as const] };
  await expect({ ...options, dryRun: true }, "changes", [
    /org\.metadata calls: "a", "b" -> "b"/,
  ]);
  await expect(options, "done");
  assert.deepEqual((await scene.snapshot()).executions, {
    [EVENTS]: [other.id],
    [PREACCESSTOKEN]: [ours.id, other.id],
  });
  await expect(options, "done");
  await expect({ ...options, name: "none" }, "Error", ['no target "none"']);
});

Deno.test("setup checks the env file, the roles and rights before it changes anything", async () => {
  await using scene = await createSetupScene();
  const { run, expect, snapshot, bind, roles, folder, instance, sandbox } =
    scene;
  const before = await snapshot();
  const envFile = `${folder}/other.env`;
  await Deno.writeTextFile(envFile, "ZITADEL_DOMAIN=other.example\n");
  for (
    const [options, error] of [
      [{ envFile: `${folder}/typo/.env` }, /there is no folder/],
      [{ envFile }, /belongs to another instance/],
      [
        { roles: await roles({ admin: ["x".repeat(100_000)] }) },
        /admin: takes 100,004 bytes/,
      ],
    ] as const
  ) assert.match((await run({ endpoint, ...options })).error, error);
  const denied = await run({ endpoint: "http://gone.invalid/" });
  assert.match(denied.error, /ZITADEL refuses the endpoint/);
  // Nothing was done, so there is nothing to list.
  assert.equal(denied.stderr, "");
  const { id: userId, token } = scene.scratch.reader;
  sandbox.world.members.push({ userId, roles: ["IAM_OWNER_VIEWER"] });
  await expect({ endpoint }, "Error", [
    /action\.target\.write is needed to create the target: give the user IAM_OWNER/,
  ], { env: { ZITADEL_ADMIN_TOKEN: token } });
  assert.deepEqual(await snapshot(), before);

  await addTarget(instance, { name: "authorization webhook" });
  await expect({ endpoint }, "Error", ['there is "authorization webhook"']);
  await expect({ name: "none" }, "UsageError", ["--endpoint is missing"]);
  const jwt = await addTarget(instance, { name: "jwt" }, "jwt");
  await bind("function/preuserinfo", jwt.id);
  await expect({ name: "jwt", also: ["events"] }, "Error", [
    'Cannot bind "jwt" to events: its payload type is JWT',
  ]);
});

Deno.test("setup reports what was done when it is interrupted, and continues", async () => {
  await using scene = await createSetupScene();
  const { expect, envFile, sandbox, roles } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  const controller = new AbortController();
  const options = {
    endpoint: server.endpoint,
    roles: await roles({ new: ["a"] }),
    org: scene.scratch.organization.id,
    wait: 60,
  };
  await expect(options, "Interrupted", [
    /^Done:\n[^]*\+ metadata new: \["a"\]\nNot done:\n.*preaccesstoken calls.*$/m,
    "stopped before the end: run the same command again, it continues from here",
  ], {
    signal: controller.signal,
    progress: (text) => {
      if (text?.startsWith("waiting")) {
        controller.abort(new Interrupted("stopped before the end"));
      }
    },
  });
  await server.reload();
  await expect(options, "done");
});

Deno.test("setup --remove of a name that does not exist names those that do", async () => {
  await using scene = await createSetupScene();
  const { expect, instance } = scene;
  assert.doesNotMatch(await expect({ remove: true }, "done"), /Removed/);
  await addTarget(instance, { name: "theirs" });
  await expect({ remove: true, name: "typo" }, "warnings", [
    /! there is no target "typo"; targets here: "theirs"$/m,
  ]);
});

Deno.test("setup says that the env file lacks a credential, and prints no control characters of names", async () => {
  await using scene = await createSetupScene();
  const { expect, write, instance, roles, sandbox } = scene;
  await write("");
  await expect({ endpoint }, "failed", [
    /^Next: .* has no credential of a service user yet.* with --probe URL$/m,
  ]);
  await addTarget(instance, { name: "bad\u001b[31m" });
  const { id } = scene.scratch.organization;
  sandbox.world.organizations.get(id)!.name = "org\u001b[2J";
  const file = await roles({ "a": ["b"] });
  await expect({ endpoint, roles: file, org: id, dryRun: true }, "changes", [
    "org\\u{1b}[2J",
    'the target "bad\\u{1b}[31m" has the same endpoint',
  ]);
});

Deno.test("setup refuses options that contradict each other", async () => {
  await using scene = await createSetupScene();
  const unbind = ["events" as const];
  for (
    const options of [
      { prune: true },
      { remove: true, start: true },
      { start: true, json: true },
      { projects: false, project: ["1"] },
      { projects: false, forCustomers: true },
      { remove: true, forCustomers: true },
      { remove: true, endpoint },
      { unbind, wait: 1 },
      { unbind, timeout: 5 },
      { unbind, serviceUser: true },
      { unbind, project: ["1"] },
    ]
  ) {
    assert.equal((await scene.run(options)).outcome, "UsageError");
  }
});
