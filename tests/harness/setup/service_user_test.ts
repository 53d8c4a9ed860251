import assert from "node:assert/strict";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import { ownOrganization } from "../../../harness/zitadel/organization.ts";
import {
  deleteCredential,
  listCredentials,
} from "../../../harness/zitadel/credential.ts";
import type { Instance } from "../../../harness/zitadel/client.ts";
import {
  createMarkedServiceUser,
  giveReaderRole,
  listServiceUsers,
  type ReaderRole,
  rolesOf,
} from "../../../harness/zitadel/service_user.ts";
import { createServiceUser } from "../../../harness/zitadel/user.ts";
import { createSetupScene } from "./_setup_run.ts";

const NAME = "mapping-reader";
const USER = { serviceUser: true, serviceUserName: NAME };
const TARGET = "Authorization Webhook";

async function find(instance: Instance, name: string) {
  const users = await listServiceUsers(instance);
  return users.find((user) => user.name === name);
}

async function hasRole(
  instance: Instance,
  { id, organization }: { readonly id: string; readonly organization: string },
  role: ReaderRole,
): Promise<boolean> {
  return (await rolesOf(instance, { id, organization }, role)).includes(role);
}

Deno.test("setup --service-user creates a user once, replaces a refused credential, and --remove removes it", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox } = scene;
  await Deno.writeTextFile(envFile, "# mine\n");
  const users = [...sandbox.world.users.keys()];
  const members = [...sandbox.world.members];

  const created = await run(USER);
  assert.equal(created.outcome, "done", created.error);
  const own = await ownOrganization(instance);
  const user = (await find(instance, NAME))!;
  // A JWT would call the function, which would call for a token.
  assert.equal(sandbox.world.users.get(user.id)!.accessToken, "opaque");
  assert.ok(await hasRole(instance, user, "IAM_OWNER_VIEWER"));
  const { SERVICE_ACCOUNT_KEY } = parseEnv(await Deno.readTextFile(envFile));
  const { keyId, expirationDate } = JSON.parse(SERVICE_ACCOUNT_KEY!);
  const days = (Date.parse(expirationDate) - Date.now()) / 86_400_000;
  assert.ok(days > 364 && days < 366, expirationDate);

  const again = await run({ ...USER, credential: "pat" });
  assert.equal(again.outcome, "done");
  assert.match(again.stdout, /^Nothing to change\.$/m);

  const place = { organization: own.id, user: user.id };
  await deleteCredential(instance, place, { kind: "key", id: keyId });
  const replaced = await run({ ...USER, credential: "pat" });
  assert.equal(replaced.outcome, "done", replaced.error);
  assert.match(
    replaced.stdout,
    /^ {2}~ ACCESS_TOKEN in .*: a new personal access token of "mapping-reader" for 365 days, in place of one that ZITADEL refuses$/m,
  );
  assert.deepEqual(
    (await listCredentials(instance, place)).map(({ kind }) => kind),
    ["pat"],
  );
  assert.deepEqual(Object.keys(parseEnv(await Deno.readTextFile(envFile))), [
    "ACCESS_TOKEN",
  ]);

  const removed = await run({ remove: true, serviceUserName: NAME });
  assert.equal(removed.outcome, "done", removed.error);
  assert.deepEqual([...sandbox.world.users.keys()], users);
  assert.deepEqual(sandbox.world.members, members);
  assert.equal(await Deno.readTextFile(envFile), "# mine\n");

  const left = `SERVICE_ACCOUNT_KEY='${SERVICE_ACCOUNT_KEY}'\n`;
  await Deno.writeTextFile(envFile, left);
  const gone = await run({ ...USER, dryRun: true });
  assert.match(
    gone.stdout,
    /~ SERVICE_ACCOUNT_KEY in .*, in place of one that ZITADEL refuses$/m,
  );
});

Deno.test("setup --service-user leaves a foreign user of that name alone, and names it", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox } = scene;
  await Deno.writeTextFile(envFile, "");
  const own = await ownOrganization(instance);
  const id = await createServiceUser(instance, own.id, NAME);
  const { outcome, error } = await run(USER);
  assert.equal(outcome, "Error");
  assert.ok(error.includes(`There is a user "${NAME}" already (${id})`), error);
  await run({ remove: true, serviceUserName: NAME });
  assert.ok(sandbox.world.users.has(id));

  const elsewhere = await run({ serviceUser: true });
  assert.match(
    elsewhere.error,
    /There is a user "permissions-function" already/,
  );
});

Deno.test("setup --service-user leaves a working credential of another user alone", async () => {
  await using scene = await createSetupScene();
  const before = await Deno.readTextFile(scene.envFile);
  const { outcome, error } = await scene.run(USER);
  assert.equal(outcome, "Error");
  assert.match(error, /has a credential of another user, reader-/);
  assert.equal(await Deno.readTextFile(scene.envFile), before);
});

Deno.test("setup leaves a user alone that another organization's administrator marked as created by it", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox, scratch } = scene;
  await Deno.writeTextFile(envFile, "");
  const organization = scratch.organization.id;
  const planted = [];
  for (const name of [NAME, "planted", "older"]) {
    const mark = { name, target: TARGET };
    planted.push(await createMarkedServiceUser(instance, organization, mark));
  }
  sandbox.world.users.get(planted[2]!.id)!.description =
    "Reads role mappings for the permissions function (created by setup)";

  await Deno.writeTextFile(`${envFile}2`, "");
  await run({
    serviceUser: true,
    serviceUserName: "older",
    envFile: `${envFile}2`,
  });
  const fresh = await run({ serviceUser: true, serviceUserName: "fresh" });
  assert.equal(fresh.outcome, "done", fresh.error);
  assert.match(fresh.stdout, /\+ service user "fresh"/);
  for (const user of planted) {
    assert.deepEqual(await rolesOf(instance, user, "IAM_OWNER_VIEWER"), []);
    assert.deepEqual(await rolesOf(instance, user, "ORG_OWNER_VIEWER"), []);
    const place = { organization, user: user.id };
    assert.deepEqual(await listCredentials(instance, place), []);
  }

  const other = await createMarkedServiceUser(instance, organization, {
    name: "trap",
    target: "Someone's target",
  });
  const removed = await run({ remove: true, serviceUserName: "older" });
  assert.equal(removed.outcome, "done", removed.error);
  for (const { id } of [...planted, other]) {
    assert.ok(sandbox.world.users.has(id));
    assert.ok(removed.stdout.includes(`(${id}) of the organization`));
  }
  assert.doesNotMatch(removed.stdout, /--name/);
});

Deno.test("setup --service-user uses what it created for the target, and only that", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile } = scene;
  await Deno.writeTextFile(envFile, "");
  const { id: organization } = await ownOrganization(instance);
  const older = await createMarkedServiceUser(instance, organization, {
    name: "older",
    target: TARGET,
  });
  await createMarkedServiceUser(instance, organization, {
    name: NAME,
    target: "other",
  });
  const { outcome, error, stdout } = await run({ serviceUser: true });
  assert.equal(outcome, "done", error);
  assert.doesNotMatch(stdout, /\+ service user/);
  assert.match(stdout, /a new key of "older"/);
  assert.ok(await hasRole(instance, older, "IAM_OWNER_VIEWER"));
  const other = await run({ ...USER, name: "third", envFile: `${envFile}3` });
  assert.match(
    other.error,
    /There is a user "mapping-reader" already \(\d+\), which setup did not create for this target/,
  );
});

Deno.test("setup --service-user moves to a fixed organization: the new role first, the old one goes with the next run", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, scratch } = scene;
  const organization = scratch.organization.id;
  await Deno.writeTextFile(envFile, "");
  assert.equal((await run(USER)).outcome, "done");
  const { id } = (await find(instance, NAME))!;
  const text = await Deno.readTextFile(envFile);

  await Deno.writeTextFile(
    envFile,
    `METADATA_ORGANIZATION=${organization}\n${text}`,
  );
  const moved = await run({ ...USER, projects: false });
  assert.equal(moved.outcome, "done", moved.error);
  assert.match(moved.stdout, /\+ role ORG_OWNER_VIEWER for .*-reader"$/m);
  assert.match(moved.stdout, /! "mapping-reader" keeps IAM_OWNER_VIEWER/);
  const user = { id, organization };
  assert.ok(await hasRole(instance, user, "ORG_OWNER_VIEWER"));
  assert.ok(await hasRole(instance, user, "IAM_OWNER_VIEWER"));

  const narrowed = await run({ ...USER, projects: false });
  assert.match(narrowed.stdout, /- role IAM_OWNER_VIEWER of the service user/);
  assert.ok(await hasRole(instance, user, "ORG_OWNER_VIEWER"));
  assert.ok(!await hasRole(instance, user, "IAM_OWNER_VIEWER"));
  const again = await run({ ...USER, projects: false });
  assert.match(again.stdout, /^Nothing to change\.$/m);

  // Someone gave it more since: that is not ours to take.
  await giveReaderRole(instance, user, "IAM_OWNER_VIEWER");
  scene.sandbox.world.members.push({ userId: id, roles: ["IAM_OWNER"] });
  const more = await run({ ...USER, projects: false });
  assert.match(more.stdout, /^Nothing to change\.$/m);
});

Deno.test("setup gives the least role for a fixed organization, and proposes its mapped projects", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, scratch, roles } = scene;
  const organization = scratch.organization.id;
  await Deno.writeTextFile(envFile, `METADATA_ORGANIZATION=${organization}\n`);
  const options = {
    endpoint: "http://127.0.0.1:9/",
    roles: await roles({ admin: ["a"] }),
    ...USER,
  };
  const { outcome, stdout } = await run(options);
  assert.equal(outcome, "failed");
  const { id } = scratch.project;
  assert.ok(stdout.includes(`+ PROJECTS in ${envFile}: Shop (${id})`), stdout);
  assert.ok(
    stdout.includes(
      `Organization  ${scratch.organization.name} (${organization})`,
    ),
  );
  const settings = parseEnv(await Deno.readTextFile(envFile));
  assert.equal(settings.PROJECTS, id);
  const user = (await find(instance, NAME))!;
  assert.ok(await hasRole(instance, user, "ORG_OWNER_VIEWER"));
  assert.ok(!await hasRole(instance, user, "IAM_OWNER_VIEWER"));

  await Deno.writeTextFile(
    envFile,
    `METADATA_ORGANIZATION=${organization}\nPROJECTS=1\nAUTHORIZATION_SIGNING_KEY=${settings.AUTHORIZATION_SIGNING_KEY}\n`,
  );
  const kept = await run({ endpoint: options.endpoint, dryRun: true });
  assert.equal(kept.outcome, "changes");
  assert.match(kept.stdout, /PROJECTS \(1\) has none of the projects with/);
  const command = `\`deno task setup --project ${id}\` adds it`;
  assert.ok(kept.stdout.includes(command), kept.stdout);
  const added = await run({ project: [id] });
  assert.equal(added.outcome, "done", added.stdout);
  assert.equal(
    parseEnv(await Deno.readTextFile(envFile)).PROJECTS,
    `1,${id}`,
  );
});

Deno.test("setup proposes only named projects if every organization has its mapping", async () => {
  await using scene = await createSetupScene();
  const { run, scratch, roles, envFile } = scene;
  await Deno.writeTextFile(envFile, "METADATA_ORGANIZATION=user\n");
  const options = {
    endpoint: "http://127.0.0.1:9/",
    org: scratch.organization.id,
    roles: await roles({ admin: ["a"] }),
    dryRun: true,
  };
  assert.doesNotMatch((await run(options)).stdout, /PROJECTS/);
  const { id } = scratch.project;
  const named = await run({ ...options, project: [id] });
  assert.match(
    named.stdout,
    new RegExp(`\\+ PROJECTS in .*: Shop \\(${id}\\)`),
  );
  const missing = await run({ ...options, project: ["123"] });
  assert.equal(missing.outcome, "UsageError");
  assert.match(missing.error, /^--project 123: there is no such project/);
});
