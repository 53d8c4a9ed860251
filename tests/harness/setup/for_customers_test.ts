import assert from "node:assert/strict";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { withSetting } from "../../../harness/cli/env_file.ts";
import { ownOrganization } from "../../../harness/zitadel/organization.ts";
import {
  createApplication,
  createProject,
} from "../../../harness/zitadel/project.ts";
import { listTargets } from "../../../harness/zitadel/target.ts";
import { serveOlderRelease } from "../zitadel/_older_release.ts";
import { createSetupScene, NOWHERE } from "./_setup_run.ts";

Deno.test("setup --for-customers proposes the whole set-up once, and new applications later", async () => {
  await using scene = await createSetupScene();
  const { run, expect, settings, snapshot, write, instance, envFile, sandbox } =
    scene;
  const { application, project: { id: project }, ...scratch } = scene.scratch;
  const { id: organization, name } = scratch.organization;
  const { clientId: api } = await instance
    .service(ManagementService, { organization })
    .addAPIApp({ projectId: project, name: "API" });
  const options = { forCustomers: true, project: [project] };
  const before = await snapshot();
  const org = `${name} (${organization})`;
  await expect({ ...options, dryRun: true }, "changes", [
    `+ METADATA_ORGANIZATION in ${envFile}: ${org}`,
    `+ PROJECTS in ${envFile}: Shop (${project})`,
    `+ GRANTED_BY in ${envFile}: the user's own organization (user), ${org}`,
    "at introspection ZITADEL names the API",
    "no target",
  ]);
  assert.deepEqual(await snapshot(), before);

  await expect(options, "done");
  const { clientId } = application;
  const { ACCESS_TOKEN: _, ...written } = await settings();
  assert.deepEqual(written, {
    PROJECTS: project,
    METADATA_ORGANIZATION: organization,
    GRANTED_BY: `user,${organization}`,
    APPLICATIONS: `${clientId},${api}`,
  });
  const again = await run({ forCustomers: true, json: true });
  const { outcome, changes, notes } = JSON.parse(again.stdout);
  assert.deepEqual([outcome, changes], ["done", []]);
  assert.ok(notes.length > 0);

  const redirectUri = "http://localhost:9000/";
  const { clientId: later } = await createApplication(instance, organization, {
    project,
    name: "Later",
    redirectUri,
  });
  await expect({ forCustomers: true }, "done", [
    `~ APPLICATIONS in ${envFile}: also Later (${later})`,
  ]);
  assert.equal((await settings()).APPLICATIONS, `${clientId},${api},${later}`);
  sandbox.world.apps.clear();
  await write("");
  await expect({ ...options, dryRun: true }, "changes", [
    "APPLICATIONS stays unset: the projects have no applications yet",
  ]);
});

Deno.test("setup --for-customers leaves APPLICATIONS out on v3", async () => {
  await using scene = await createSetupScene();
  const { expect, settings, write, scratch } = scene;
  await using v3 = serveOlderRelease(scene.sandbox, "management_v1");
  const extra = { env: { ZITADEL_DOMAIN: v3.origin } };
  const options = { forCustomers: true, project: [scratch.project.id] };
  await expect(options, "done", ["APPLICATIONS cannot work on v3"], extra);
  assert.ok(!("APPLICATIONS" in await settings()));
  await expect(options, "done", ["Nothing to change"], extra);
  await write("APPLICATIONS=1\n", { append: true });
  await expect(options, "done", [/no person gets permissions until/], extra);
});

Deno.test("setup --for-customers asks about interruptOnError and names both sides", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, instance, scratch, envFile } = scene;
  await using _ = await scene.connect();
  const options = { forCustomers: true, project: [scratch.project.id] };
  const isOn = async () => (await listTargets(instance))[0]!.interruptOnError;

  const kept = await expect(options, "done", [
    /! interruptOnError stays off; --interrupt-on-error turns it on\. On: .* stops the login, and every login of the listed applications depends on this function.* Off: .*does not expire soon/,
  ]);
  assert.doesNotMatch(kept, /^interruptOnError is off/);
  assert.equal(await isOn(), false);

  const asked = await expect({ ...options, yes: false }, "done", [
    /^interruptOnError is off\. On: /,
    /~ target .*: interruptOnError off -> on/,
  ], { answer: true });
  assert.doesNotMatch(asked, /stays off/);
  assert.equal(await isOn(), true);
  assert.doesNotMatch(await expect(options, "done"), /interruptOnError/);

  // In an emergency nothing else is looked at.
  const text = await Deno.readTextFile(envFile);
  await write(withSetting(text, "PROJECTS", undefined));
  const off = await expect({ interruptOnError: false }, "done", [
    "interruptOnError on -> off",
  ]);
  assert.doesNotMatch(off, /PROJECTS/);
  await run({ ...options, interruptOnError: true });
  assert.equal(await isOn(), true);
});

Deno.test("setup --for-customers needs to know the projects and one organization", async () => {
  await using scene = await createSetupScene();
  const { expect, write, instance, scratch, sandbox } = scene;
  const { id: own } = await ownOrganization(instance);
  const other = await createProject(instance, own, {
    name: "Other",
    roles: ["nothing"],
  });
  sandbox.world.organizations.get(own)!.metadata.clear();
  await expect({ forCustomers: true }, "UsageError", [
    /no project of .* has a role with an entry: name them with --project/,
  ]);
  const project = [scratch.project.id, other.id];
  await expect({ forCustomers: true, project }, "UsageError", [
    /several organizations: name the one .* --org/,
  ]);
  await write("PROJECTS=4711\n");
  await expect({ forCustomers: true }, "UsageError", [
    /^PROJECTS 4711: there is no such project/m,
  ]);
});

Deno.test("setup --for-customers leaves GRANTED_BY unset if the claim says who granted, and says what moves", async () => {
  await using scene = await createSetupScene();
  const { expect, write, settings, scratch, sandbox } = scene;
  sandbox.world.organizations.get(scratch.organization.id)!.metadata.clear();
  await write(
    "METADATA_ORGANIZATION=user\nPERMISSIONS_SHAPE=by_organization\n",
  );
  const options = { forCustomers: true, project: [scratch.project.id] };
  await expect(options, "warnings", [
    /~ METADATA_ORGANIZATION in .*: user -> scratch /,
    "! GRANTED_BY stays unset",
    "! entries in the metadata of other organizations",
  ]);
  assert.ok(!("GRANTED_BY" in await settings()));
});

Deno.test("setup adds named projects to PROJECTS, names those that do not count, and proposes it with --roles alone", async () => {
  await using scene = await createSetupScene();
  const { expect, write, settings, roles, instance, envFile } = scene;
  const organization = scene.scratch.organization.id;
  const { id } = scene.scratch.project;
  const project = { name: "Warehouse", roles: ["admin"] };
  const second = await createProject(instance, organization, project);
  await write("METADATA_ORGANIZATION=user\n");
  await expect({ project: [id], dryRun: true }, "changes", [
    `+ PROJECTS in ${envFile}: Shop (${id})`,
  ]);
  await expect({ project: ["123"] }, "UsageError", [
    "--project 123: there is no such project",
  ]);
  const fixed = `METADATA_ORGANIZATION=${organization}\n`;
  await write(`${fixed}PROJECTS=1\n`);
  await expect({ endpoint: NOWHERE, dryRun: true }, "changes", [
    "PROJECTS (1) has none of the projects with",
    /`deno task setup --project \d+ --project \d+` adds it/,
  ]);
  await write(`${fixed}PROJECTS=${id}\n`);
  await expect({ project: [id, second.id] }, "done", [
    `~ PROJECTS in ${envFile}: also Warehouse (${second.id})`,
  ]);
  assert.equal((await settings()).PROJECTS, `${id},${second.id}`);
  await write(fixed);
  await expect({ roles: await roles({ admin: ["a"] }) }, "done");
  const { PROJECTS } = await settings();
  assert.deepEqual(PROJECTS!.split(",").sort(), [id, second.id].sort());
});
