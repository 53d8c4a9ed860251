import assert from "node:assert/strict";
import { ownOrganization } from "../../../harness/zitadel/organization.ts";
import {
  deleteCredential,
  listCredentials,
} from "../../../harness/zitadel/credential.ts";
import { userNamed, type World } from "../../../harness/sandbox/world.ts";
import { createMarkedServiceUser } from "../../../harness/zitadel/service_user.ts";
import { createServiceUser } from "../../../harness/zitadel/user.ts";
import { serveFailing } from "../_failing_call.ts";
import { createSetupScene } from "./_setup_run.ts";

const NAME = "mapping-reader";
const USER = { serviceUser: true, serviceUserName: NAME };
const TARGET = "Authorization Webhook";
const OF_INSTANCE = ["IAM_OWNER_VIEWER", undefined];
const OF_ORGANIZATION = "ORG_OWNER_VIEWER";

/** The roles of a user, each with the organization, if it is of one. */
function rolesOf({ members }: World, user: string) {
  return members.filter(({ userId }) => userId === user)
    .map(({ roles, organizationId }) => [...roles, organizationId]);
}

Deno.test("setup --service-user creates a user once, replaces a refused credential, and --remove removes it", async () => {
  await using scene = await createSetupScene();
  const { expect, write, settings, instance, sandbox } = scene;
  await write("# mine\n");
  const users = [...sandbox.world.users.keys()];
  const members = [...sandbox.world.members];

  await expect(USER, "done");
  const { id: user, organizationId: organization, accessToken } = userNamed(
    sandbox.world,
    NAME,
  )!;
  assert.equal(organization, (await ownOrganization(instance)).id);
  // A JWT would call the function, which would call for a token.
  assert.equal(accessToken, "opaque");
  assert.deepEqual(rolesOf(sandbox.world, user), [OF_INSTANCE]);
  const { SERVICE_ACCOUNT_KEY } = await settings();
  const { keyId: id, expirationDate } = JSON.parse(SERVICE_ACCOUNT_KEY!);
  const days = (Date.parse(expirationDate) - Date.now()) / 86_400_000;
  assert.ok(days > 364 && days < 366, expirationDate);
  const withToken = { ...USER, credential: "pat" as const };
  await expect(withToken, "done", [/^Nothing to change\.$/m]);

  const place = { organization, user };
  await deleteCredential(instance, place, { kind: "key", id });
  await expect(withToken, "done", [
    /^ {2}~ ACCESS_TOKEN in .*: a new personal access token of "mapping-reader" for 365 days, in place of one that ZITADEL refuses$/m,
  ]);
  const kinds = (await listCredentials(instance, place)).map((it) => it.kind);
  assert.deepEqual(kinds, ["pat"]);
  assert.deepEqual(Object.keys(await settings()), ["ACCESS_TOKEN"]);

  await expect({ remove: true, serviceUserName: NAME }, "done");
  assert.deepEqual([...sandbox.world.users.keys()], users);
  assert.deepEqual(sandbox.world.members, members);
  assert.equal(await Deno.readTextFile(scene.envFile), "# mine\n");

  await write(`SERVICE_ACCOUNT_KEY='${SERVICE_ACCOUNT_KEY}'\n`);
  await expect({ ...USER, dryRun: true }, "changes", [
    /~ SERVICE_ACCOUNT_KEY in .*, in place of one that ZITADEL refuses$/m,
  ]);
});

Deno.test("setup --service-user leaves another user, or a working credential of one, alone and names it", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, instance, sandbox, envFile } = scene;
  const before = await Deno.readTextFile(envFile);
  await expect(USER, "Error", ["has a credential of another user, reader-"]);
  assert.equal(await Deno.readTextFile(envFile), before);

  await write("");
  const own = await ownOrganization(instance);
  const id = await createServiceUser(instance, own.id, NAME);
  await expect(USER, "Error", [`There is a user "${NAME}" already (${id})`]);
  await run({ remove: true, serviceUserName: NAME });
  assert.ok(sandbox.world.users.has(id));
  await expect({ serviceUser: true }, "Error", [
    'There is a user "permissions-function" already',
  ]);
});

Deno.test("setup --service-user replaces no credential that ZITADEL does not refuse, but cannot judge now", async () => {
  await using scene = await createSetupScene();
  const { sandbox, snapshot } = scene;
  await using proxy = serveFailing(sandbox.origin, "GetMyUser", {
    "grpc-status": "14",
    "grpc-message": "not now",
  });
  const before = await snapshot();
  await scene.expect(USER, "ZitadelError", ["not now"], {
    env: { ZITADEL_DOMAIN: proxy.origin },
  });
  assert.deepEqual(await snapshot(), before);
});

Deno.test("setup leaves a user alone that another organization's administrator marked as created by it", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, instance, envFile, sandbox, scratch } = scene;
  await write("");
  const organization = scratch.organization.id;
  const plant = (name: string, target = TARGET) =>
    createMarkedServiceUser(instance, organization, { name, target });
  const older = await plant("older");
  const planted = [older, await plant(NAME), await plant("planted")];
  sandbox.world.users.get(older.id)!.description =
    "Reads role mappings for the permissions function (created by setup)";

  const another = { serviceUserName: "older", envFile: `${envFile}2` };
  await run({ serviceUser: true, ...another });
  await expect({ serviceUser: true, serviceUserName: "fresh" }, "done", [
    '+ service user "fresh"',
  ]);
  for (const user of planted) {
    assert.deepEqual(rolesOf(sandbox.world, user.id), []);
    const place = { organization, user: user.id };
    assert.deepEqual(await listCredentials(instance, place), []);
  }
  planted.push(await plant("trap", "Someone's target"));
  const text = await expect(
    { remove: true, serviceUserName: "older" },
    "done",
    planted.map(({ id }) => `(${id}) of the organization`),
  );
  for (const { id } of planted) assert.ok(sandbox.world.users.has(id));
  assert.doesNotMatch(text, /--name/);
});

Deno.test("setup --service-user uses what it created for the target, and only that", async () => {
  await using scene = await createSetupScene();
  const { expect, write, instance, envFile, sandbox } = scene;
  await write("");
  const { id: organization } = await ownOrganization(instance);
  const create = (name: string, target: string) =>
    createMarkedServiceUser(instance, organization, { name, target });
  const older = await create("older", TARGET);
  await create(NAME, "other");
  const text = await expect({ serviceUser: true }, "done", [
    'a new key of "older"',
  ]);
  assert.doesNotMatch(text, /\+ service user/);
  assert.deepEqual(rolesOf(sandbox.world, older.id), [OF_INSTANCE]);
  await expect({ ...USER, name: "third", envFile: `${envFile}3` }, "Error", [
    /There is a user "mapping-reader" already \(\d+\), which setup did not create for this target/,
  ]);
});

Deno.test("setup --service-user moves to a fixed organization: the new role first, the old one goes with the next run", async () => {
  await using scene = await createSetupScene();
  const { expect, write, envFile, sandbox } = scene;
  const organization = scene.scratch.organization.id;
  await write("");
  await expect(USER, "done");
  const { id } = userNamed(sandbox.world, NAME)!;
  const text = await Deno.readTextFile(envFile);
  await write(`METADATA_ORGANIZATION=${organization}\n${text}`);
  const options = { ...USER, projects: false };
  await expect(options, "done", [
    /\+ role ORG_OWNER_VIEWER for .*-reader"$/m,
    '! "mapping-reader" keeps IAM_OWNER_VIEWER',
  ]);
  const narrow = [OF_ORGANIZATION, organization];
  assert.deepEqual(rolesOf(sandbox.world, id), [OF_INSTANCE, narrow]);
  await expect(options, "done", ["- role IAM_OWNER_VIEWER of the service"]);
  assert.deepEqual(rolesOf(sandbox.world, id), [narrow]);
  await expect(options, "done", [/^Nothing to change\.$/m]);

  // Someone gave it more since: that is not ours to take.
  for (const role of ["IAM_OWNER_VIEWER", "IAM_OWNER"]) {
    sandbox.world.members.push({ userId: id, roles: [role] });
  }
  await expect(options, "done", [/^Nothing to change\.$/m]);
});
