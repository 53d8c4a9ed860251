import assert from "node:assert/strict";
import {
  createOrganization,
  ownOrganization,
} from "../../../harness/zitadel/organization.ts";
import { createProject } from "../../../harness/zitadel/project.ts";
import {
  createMarkedServiceUser,
  listServiceUsers,
} from "../../../harness/zitadel/service_user.ts";
import { addTarget } from "../_add_target.ts";
import { createSetupScene, NOWHERE, PREACCESSTOKEN } from "./_setup_run.ts";

const TARGET = "Authorization Webhook";
/** The mark of version 0.1.0. */
const OLD_MARK =
  "Reads role mappings for the permissions function (created by setup)";
const endpoint = NOWHERE;
const A = { endpoint, serviceUser: true, serviceUserName: "a-user" };

type Scene = Awaited<ReturnType<typeof createSetupScene>>;

async function markedUsers({ instance }: Scene): Promise<string[]> {
  return (await listServiceUsers(instance))
    .filter(({ createdFor }) => createdFor !== undefined)
    .map(({ name }) => name);
}

Deno.test("setup --remove removes every service user of the organizations in use that was created for the target", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, instance, scratch, sandbox } = scene;
  const { id } = scratch.organization;
  await write(`METADATA_ORGANIZATION=${id}\n`);
  const before = [...sandbox.world.users.keys()];
  const members = sandbox.world.members.length;
  const create = (name: string) =>
    createMarkedServiceUser(instance, id, { name, target: TARGET });
  // As after moving to a fixed organization with an older version.
  await create("left-over");
  await run({ ...A, serviceUserName: "mine", projects: false });
  const legacy = await create("as-before");
  sandbox.world.users.get(legacy.id)!.description = OLD_MARK;
  await expect({ remove: true, serviceUserName: "as-before" }, "done", [
    /^ {2}- service user "left-over" /m,
  ]);
  assert.deepEqual([...sandbox.world.users.keys()], before);
  assert.equal(sandbox.world.members.length, members);
  assert.deepEqual((await scene.snapshot()).targets, []);
  assert.deepEqual(await scene.settings(), {
    METADATA_ORGANIZATION: id,
    ZITADEL_DOMAIN: sandbox.origin,
  });
});

Deno.test("setup --remove leaves a service user of an older version alone unless the env file has its credential or it is named", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, instance, sandbox } = scene;
  await write("");
  const own = await ownOrganization(instance);
  await expect({ serviceUser: true, serviceUserName: "as-before" }, "done");
  await createMarkedServiceUser(instance, own.id, {
    name: "another",
    target: TARGET,
  });
  for (const { id, createdFor } of await listServiceUsers(instance)) {
    if (createdFor) sandbox.world.users.get(id)!.description = OLD_MARK;
  }
  await expect({ serviceUser: true }, "done", [/^Nothing to change\.$/m]);
  await expect({ remove: true }, "done", [
    '- service user "as-before"',
    /"another" .* stays: `deno task setup --remove --service-user-name another`/,
  ]);
  assert.deepEqual(await markedUsers(scene), ["another"]);
  await run({ remove: true, serviceUserName: "another" });
  assert.deepEqual(await markedUsers(scene), []);
});

Deno.test("setup --remove leaves what belongs to another target, and names the command that removes it", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, envFile } = scene;
  await write("");
  await run({ ...A, name: "it's a" });
  const b = { name: "b", envFile: `${envFile}.b` };
  await run({ ...A, ...b, serviceUserName: "b-user" });
  await expect({ remove: true }, "warnings", [
    '! there is no target "Authorization Webhook"',
    `stays: \`deno task setup --remove --name 'it'\\''s a'\` removes it`,
  ]);
  await expect({ ...b, remove: true }, "done");
  assert.deepEqual(await markedUsers(scene), ["a-user"]);
  const { targets } = await scene.snapshot();
  assert.deepEqual(targets.map(({ name }) => name), ["it's a"]);
});

Deno.test("setup --remove keeps the credential while the env file has the key of another target", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, settings, envFile } = scene;
  await write("");
  await run(A);
  await run({ name: "b", endpoint, envFile: `${envFile}.b` });
  const { AUTHORIZATION_SIGNING_KEY: a } = await settings();
  const [, b] = /AUTHORIZATION_SIGNING_KEY=(.*)/.exec(
    await Deno.readTextFile(`${envFile}.b`),
  )!;
  const text = await Deno.readTextFile(envFile);
  await write(text.replace(a!, `${a},${b}`));
  await expect({ remove: true }, "warnings", [
    /"a-user" stays: .* key of "b"/,
    /target "b" stays: .*--remove --name b/,
    /^Removed\. What stays is named above\.$/m,
  ]);
  assert.ok("SERVICE_ACCOUNT_KEY" in await settings());
  await expect({ remove: true, name: "b" }, "done");
  await expect({ remove: true }, "done");
  assert.deepEqual(Object.keys(await settings()), ["ZITADEL_DOMAIN"]);
  assert.deepEqual(await markedUsers(scene), []);
});

Deno.test("setup --remove --roles removes unchanged entries of the mapping's and the token's own organization, and names others", async () => {
  await using scene = await createSetupScene();
  const { expect, write, instance, scratch, sandbox, roles } = scene;
  const { id } = scratch.organization;
  const own = await ownOrganization(instance);
  const third = await createOrganization(instance, "Third");
  for (const organization of [scratch.organization, own, third]) {
    await scene.setEntry("x", '["a"]', organization);
  }
  await scene.setEntry("y", "b", third);
  await write(`METADATA_ORGANIZATION=${id}\n`);
  await expect({ remove: true }, "done", [
    `the mapping stays in the metadata of the organization ${id}: --roles FILE removes`,
  ]);
  const file = await roles({ x: ["a"], y: ["other"] });
  const entriesOf = (id: string) =>
    sandbox.world.organizations.get(id)!.metadata;
  await expect({ remove: true, roles: file }, "warnings", [
    `metadata x: ["a"], in ${own.name} (${own.id})`,
    `deno task setup --remove --roles ${file} --org ${third.id}`,
  ]);
  assert.deepEqual(
    [id, own.id, third.id].map((id) => entriesOf(id).has("x")),
    [false, false, true],
  );
  await expect({ remove: true, roles: file, org: third.id }, "done");
  assert.deepEqual([...entriesOf(third.id).keys()], ["y"]);
});

Deno.test("setup --remove --roles only names entries where projects of several organizations have the roles", async () => {
  await using scene = await createSetupScene();
  const { expect, write, instance, scratch, roles } = scene;
  await write("METADATA_ORGANIZATION=user\n");
  const customer = await createOrganization(instance, "Customer");
  await createProject(instance, customer.id, { name: "Own", roles: ["admin"] });
  const both = [scratch.organization, customer];
  for (const it of both) await scene.setEntry("admin", '["a"]', it);
  const before = await scene.snapshot();
  const options = { remove: true, roles: await roles({ admin: ["a"] }) };
  await expect(
    options,
    "warnings",
    both.map(({ id }) => `--org ${id}\` removes them`),
  );
  assert.deepEqual(await scene.snapshot(), before);
});

Deno.test("setup and setup --remove leave a target alone that is called like a stand-in, and that tokens depend on", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, instance } = scene;
  await write("");
  const { id } = await addTarget(instance, { name: `${TARGET} (probe)` });
  await scene.bind(PREACCESSTOKEN, id);
  await run({ endpoint });
  await expect({ remove: true }, "done", [
    /- target "Authorization Webhook"$/m,
  ]);
  const { targets, executions } = await scene.snapshot();
  assert.deepEqual(targets.map((it) => it.id), [id]);
  assert.deepEqual(executions, { [PREACCESSTOKEN]: [id] });
});
