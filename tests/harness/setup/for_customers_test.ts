import assert from "node:assert/strict";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { parseEnv, withSetting } from "../../../harness/cli/env_file.ts";
import type { Instance } from "../../../harness/zitadel/client.ts";
import { ownOrganization } from "../../../harness/zitadel/organization.ts";
import {
  createApplication,
  createProject,
} from "../../../harness/zitadel/project.ts";
import { listTargets } from "../../../harness/zitadel/target.ts";
import { startFunction } from "../_function_server.ts";
import { serveOlderRelease } from "../zitadel/_older_release.ts";
import { createSetupScene } from "./_setup_run.ts";

async function createApi(
  instance: Instance,
  organization: string,
  projectId: string,
): Promise<string> {
  const management = instance.service(ManagementService, { organization });
  return (await management.addAPIApp({ projectId, name: "API" })).clientId;
}

Deno.test("setup --for-customers proposes the whole set-up once, and new applications later", async () => {
  await using scene = await createSetupScene();
  const { run, snapshot, instance, envFile, scratch } = scene;
  const organization = scratch.organization.id;
  const { id: project } = scratch.project;
  const api = await createApi(instance, organization, project);
  const options = { forCustomers: true, project: [project] };
  const before = await snapshot();

  const planned = await run({ ...options, dryRun: true });
  assert.equal(planned.outcome, "changes", planned.error);
  const org = `${scratch.organization.name} (${organization})`;
  for (
    const line of [
      `+ METADATA_ORGANIZATION in ${envFile}: ${org}`,
      `+ PROJECTS in ${envFile}: Shop (${project})`,
      `+ GRANTED_BY in ${envFile}: the user's own organization (user), ${org}`,
      "at introspection ZITADEL names the API",
      "no target",
    ]
  ) assert.ok(planned.stdout.includes(line), planned.stdout);
  assert.deepEqual(await snapshot(), before);

  const done = await run(options);
  assert.equal(done.outcome, "done", done.error);
  const { clientId } = scratch.application;
  const read = async () => parseEnv(await Deno.readTextFile(envFile));
  const { ACCESS_TOKEN: _, ...settings } = await read();
  assert.deepEqual(settings, {
    PROJECTS: project,
    METADATA_ORGANIZATION: organization,
    GRANTED_BY: `user,${organization}`,
    APPLICATIONS: `${clientId},${api}`,
  });

  const again = await run({ forCustomers: true, json: true });
  const { outcome, changes, notes } = JSON.parse(again.stdout);
  assert.deepEqual([outcome, changes], ["done", []]);
  assert.ok(notes.length > 0);

  const { clientId: later } = await createApplication(
    instance,
    organization,
    { project, name: "Later", redirectUri: "http://localhost:9000/" },
  );
  const more = await run({ forCustomers: true });
  assert.ok(
    more.stdout.includes(
      `~ APPLICATIONS in ${envFile}: also Later (${later})`,
    ),
    more.stdout,
  );
  assert.equal((await read()).APPLICATIONS, `${clientId},${api},${later}`);
});

Deno.test("setup --for-customers leaves APPLICATIONS out on v3", async () => {
  await using scene = await createSetupScene();
  const { run, envFile, scratch } = scene;
  await using v3 = serveOlderRelease(scene.sandbox, "management_v1");
  const extra = { env: { ZITADEL_DOMAIN: v3.origin } };
  const options = { forCustomers: true, project: [scratch.project.id] };
  const done = await run(options, extra);
  assert.equal(done.outcome, "done", done.error);
  assert.match(done.stdout, /APPLICATIONS cannot work on v3/);
  const { ACCESS_TOKEN: _, ...settings } = parseEnv(
    await Deno.readTextFile(envFile),
  );
  assert.deepEqual(settings, {
    PROJECTS: scratch.project.id,
    METADATA_ORGANIZATION: scratch.organization.id,
    GRANTED_BY: `user,${scratch.organization.id}`,
  });
  const again = await run(options, extra);
  assert.match(again.stdout, /Nothing to change/);
  await Deno.writeTextFile(envFile, "APPLICATIONS=1\n", { append: true });
  const set = await run(options, extra);
  assert.match(set.stdout, /no person gets permissions until it is/);
});

Deno.test("setup --for-customers asks about interruptOnError and names both sides", async () => {
  await using scene = await createSetupScene();
  const { run, instance, scratch, envFile, sandbox } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  const { endpoint } = server;
  await run({ endpoint });
  await server.reload();
  assert.equal((await run({ endpoint })).outcome, "done");
  const options = { forCustomers: true, project: [scratch.project.id] };
  const isOn = async () => (await listTargets(instance))[0]!.interruptOnError;

  const kept = await run(options);
  assert.equal(kept.outcome, "done", kept.error);
  assert.match(
    kept.stdout,
    /! interruptOnError stays off; --interrupt-on-error turns it on\. On: .* stops the login, and every login of the listed applications depends on this function.* Off: .*does not expire soon/,
  );
  assert.doesNotMatch(kept.stdout, /^interruptOnError is off/);
  assert.equal(await isOn(), false);

  const asked = await run({ ...options, yes: false }, { answer: true });
  assert.match(asked.stdout, /^interruptOnError is off\. On: /);
  assert.match(asked.stdout, /~ target .*: interruptOnError off -> on/);
  assert.doesNotMatch(asked.stdout, /stays off/);

  assert.equal(await isOn(), true);
  const on = await run(options);
  assert.doesNotMatch(on.stdout, /interruptOnError/);

  // In an emergency nothing else is looked at.
  const text = await Deno.readTextFile(envFile);
  await Deno.writeTextFile(envFile, withSetting(text, "PROJECTS", undefined));
  const off = await run({ interruptOnError: false });
  assert.match(off.stdout, /interruptOnError on -> off/);
  assert.doesNotMatch(off.stdout, /PROJECTS/);
  await run({ ...options, interruptOnError: true });
  assert.equal(await isOn(), true);
});

Deno.test("setup --for-customers needs to know the projects and one organization", async () => {
  await using scene = await createSetupScene();
  const { run, instance, scratch, envFile, sandbox } = scene;
  const { id: own } = await ownOrganization(instance);
  const other = await createProject(instance, own, {
    name: "Other",
    roles: ["nothing"],
  });
  sandbox.world.organizations.get(own)!.metadata.clear();
  const unknown = await run({ forCustomers: true });
  assert.match(
    unknown.error,
    /no project of .* has a role with an entry: name them with --project/,
  );
  const several = await run({
    forCustomers: true,
    project: [scratch.project.id, other.id],
  });
  assert.match(several.error, /several organizations: name the one .* --org/);
  await Deno.writeTextFile(envFile, "PROJECTS=4711\n");
  const missing = await run({ forCustomers: true });
  assert.match(missing.error, /^PROJECTS 4711: there is no such project/);
});

Deno.test("setup --for-customers leaves GRANTED_BY unset if the claim says who granted, and says what moves", async () => {
  await using scene = await createSetupScene();
  const { run, envFile, scratch, sandbox } = scene;
  sandbox.world.organizations.get(scratch.organization.id)!.metadata.clear();
  await Deno.writeTextFile(
    envFile,
    "METADATA_ORGANIZATION=user\nPERMISSIONS_SHAPE=by_organization\n",
  );
  const options = { forCustomers: true, project: [scratch.project.id] };
  const { stdout, error } = await run(options);
  assert.equal(error, "");
  assert.match(stdout, /~ METADATA_ORGANIZATION in .*: user -> scratch /);
  assert.match(stdout, /! GRANTED_BY stays unset/);
  assert.match(stdout, /! entries in the metadata of other organizations/);
  assert.match(stdout, /has no entries yet/);
  const settings = parseEnv(await Deno.readTextFile(envFile));
  assert.equal(settings.GRANTED_BY, undefined);
});

Deno.test("setup adds named projects to PROJECTS, and proposes it with --roles alone", async () => {
  await using scene = await createSetupScene();
  const { run, roles, instance, envFile, scratch } = scene;
  const organization = scratch.organization.id;
  const { id } = scratch.project;
  const second = await createProject(instance, organization, {
    name: "Warehouse",
    roles: ["admin"],
  });
  await Deno.writeTextFile(
    envFile,
    `METADATA_ORGANIZATION=${organization}\nPROJECTS=${id}\n`,
  );
  const added = await run({ project: [id, second.id] });
  assert.equal(added.outcome, "done", added.error);
  assert.ok(
    added.stdout.includes(
      `~ PROJECTS in ${envFile}: also Warehouse (${second.id})`,
    ),
    added.stdout,
  );
  const read = async () => parseEnv(await Deno.readTextFile(envFile)).PROJECTS;
  assert.equal(await read(), `${id},${second.id}`);

  await Deno.writeTextFile(envFile, `METADATA_ORGANIZATION=${organization}\n`);
  const mapped = await run({ roles: await roles({ admin: ["a"] }) });
  assert.equal(mapped.outcome, "done", mapped.error);
  assert.deepEqual((await read())!.split(",").sort(), [id, second.id].sort());
});
