import assert from "node:assert/strict";
import { bind } from "../../../harness/setup/bind.ts";
import type { SetupOptions } from "../../../harness/setup/command_line.ts";
import { addTarget } from "../_add_target.ts";
import { serveFailing } from "../_failing_call.ts";
import {
  createSetupScene,
  EVENTS,
  NOWHERE,
  PREACCESSTOKEN,
} from "./_setup_run.ts";

Deno.test("setup changes nothing the second time, and --remove leaves the instance as it was", async () => {
  await using scene = await createSetupScene();
  const { expect, snapshot, setEntry, instance, sandbox, scratch } = scene;
  const text =
    `# mine\nZITADEL_DOMAIN=${sandbox.origin}\nACCESS_TOKEN=${scratch.reader.token}\nMETADATA_ORGANIZATION=${scratch.organization.id}\n`;
  await scene.write(text);
  const { id: first } = await addTarget(instance, { name: "first" });
  const { id: second } = await addTarget(instance, { name: "second" });
  await scene.bind(PREACCESSTOKEN, second, first);
  await setEntry("mine", "as it was");
  await setEntry("admin", '["other"]');
  const before = await snapshot();

  const roles = await scene.roles({
    admin: ["a"],
    [scratch.project.id]: { admin: ["b"] },
  });
  const options: Partial<SetupOptions> = {
    roles,
    also: ["preuserinfo", "presamlresponse", "events"],
    projects: false,
  };
  await using server = await scene.connect(options);
  const after = await snapshot();
  const { id, signingKey } = after.targets
    .find(({ endpoint }) => endpoint === server.endpoint)!;
  assert.deepEqual(after.executions, {
    [PREACCESSTOKEN]: [second, first, id],
    "function/preuserinfo": [id],
    "function/presamlresponse": [id],
    [EVENTS]: [id],
  });
  const { viewer: _, ...metadata } = after.metadata.at(-1)!;
  assert.deepEqual(metadata, {
    admin: '["a"]',
    [`${scratch.project.id}:admin`]: '["b"]',
    mine: "as it was",
  });
  assert.equal(
    after.envFile,
    `${text}AUTHORIZATION_SIGNING_KEY=${signingKey}\n`,
  );

  await expect(options, "done", [/^Nothing to change\.$/m]);
  assert.deepEqual(await snapshot(), after);

  // What someone else changed since is not ours to remove.
  await setEntry("admin", '["other"]');
  await expect({ remove: true, roles }, "done", [
    /! kept, differs from the file: admin$/m,
  ]);
  assert.deepEqual(await snapshot(), before);
  await expect({ remove: true, roles }, "warnings", ["Nothing to change"]);
});

Deno.test("bind() refuses to replace what others bound in the meantime, and finds what they bind after it", async () => {
  await using scene = await createSetupScene();
  const { instance, snapshot } = scene;
  const condition = PREACCESSTOKEN;
  const { id: theirs } = await addTarget(instance, { name: "theirs" });
  const { id: ours } = await addTarget(instance, { name: "ours" });
  await scene.bind(condition, theirs);
  const conflict = /someone else changed function\/preaccesstoken/;
  await assert.rejects(
    bind(instance, { condition, from: [], to: [ours] }),
    conflict,
  );
  assert.deepEqual((await snapshot()).executions, { [condition]: [theirs] });

  const to = [theirs, ours];
  const recheck = await bind(instance, { condition, from: [theirs], to });
  // Another command read the binding before that.
  await scene.bind(condition, theirs);
  await assert.rejects(recheck(), conflict);
  await scene.bind(condition, ...to);
  await recheck();
});

Deno.test("setup changes nothing if bindings cannot be listed", async () => {
  await using scene = await createSetupScene();
  // What v3.0 to v3.3 answer over an old PostgreSQL.
  await using proxy = serveFailing(scene.sandbox.origin, "ListExecutions", {
    "grpc-status": "13",
    "grpc-message": "Errors.Internal (QUERY-fSG8)",
  });
  const before = await scene.snapshot();
  await scene.expect({ endpoint: NOWHERE }, "ZitadelError", [
    /Cannot list what is bound: .*PostgreSQL 16.*Nothing was changed/,
  ], { env: { ZITADEL_DOMAIN: proxy.origin } });
  assert.deepEqual(await scene.snapshot(), before);
});
