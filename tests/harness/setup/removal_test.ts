import assert from "node:assert/strict";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import { setMetadata } from "../../../harness/zitadel/metadata.ts";
import {
  createOrganization,
  ownOrganization,
} from "../../../harness/zitadel/organization.ts";
import { createProject } from "../../../harness/zitadel/project.ts";
import {
  createMarkedServiceUser,
  listServiceUsers,
} from "../../../harness/zitadel/service_user.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import { createTarget, listTargets } from "../../../harness/zitadel/target.ts";
import { createSetupScene } from "./_setup_run.ts";

const TARGET = "Authorization Webhook";
const ENDPOINT = "http://127.0.0.1:9/";
const A = { endpoint: ENDPOINT, serviceUser: true, serviceUserName: "a-user" };
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("setup --remove removes every service user of the organizations in use that was created for the target", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, scratch, sandbox } = scene;
  const setting = `METADATA_ORGANIZATION=${scratch.organization.id}\n`;
  await Deno.writeTextFile(envFile, setting);
  const before = [...sandbox.world.users.keys()];
  const members = sandbox.world.members.length;
  // As after moving to a fixed organization with an older version.
  await createMarkedServiceUser(instance, scratch.organization.id, {
    name: "left-over",
    target: TARGET,
  });
  await run({ ...A, serviceUserName: "mine", projects: false });
  const legacy = await createMarkedServiceUser(
    instance,
    scratch.organization.id,
    { name: "as-before", target: TARGET },
  );
  sandbox.world.users.get(legacy.id)!.description =
    "Reads role mappings for the permissions function (created by setup)";

  const removed = await run({ remove: true, serviceUserName: "as-before" });
  assert.equal(removed.outcome, "done", removed.error);
  assert.match(removed.stdout, /^ {2}- service user "left-over" /m);
  assert.deepEqual([...sandbox.world.users.keys()], before);
  assert.equal(sandbox.world.members.length, members);
  assert.deepEqual(await listTargets(instance), []);
  assert.equal(
    await Deno.readTextFile(envFile),
    `${setting}ZITADEL_DOMAIN=${sandbox.origin}\n`,
  );
});

Deno.test("setup --remove leaves a service user of an older version alone unless the env file has its credential or it is named", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox } = scene;
  await Deno.writeTextFile(envFile, "");
  const own = await ownOrganization(instance);
  const options = { serviceUser: true, serviceUserName: "as-before" };
  assert.equal((await run(options)).outcome, "done");
  const age = (id: string) => {
    sandbox.world.users.get(id)!.description =
      "Reads role mappings for the permissions function (created by setup)";
  };
  const idOf = async (wanted: string) =>
    (await listServiceUsers(instance)).find(({ name }) => name === wanted)!.id;
  age(await idOf("as-before"));
  const { id } = await createMarkedServiceUser(instance, own.id, {
    name: "another",
    target: TARGET,
  });
  age(id);
  const again = await run({ serviceUser: true });
  assert.match(again.stdout, /^Nothing to change\.$/m);
  const removed = await run({ remove: true });
  assert.match(removed.stdout, /- service user "as-before"/);
  assert.match(
    removed.stdout,
    /"another" .* stays: `deno task setup --remove --service-user-name another`/,
  );
  assert.ok(sandbox.world.users.has(id));
  await run({ remove: true, serviceUserName: "another" });
  assert.ok(!sandbox.world.users.has(id));
});

Deno.test("setup --remove leaves what belongs to another target, and names the command that removes it", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile } = scene;
  await Deno.writeTextFile(envFile, "");
  const own = await ownOrganization(instance);
  await run({ ...A, name: "it's a" });
  const b = { name: "b", endpoint: ENDPOINT, envFile: `${envFile}.b` };
  await run({ ...b, serviceUser: true, serviceUserName: "b-user" });
  const typo = await run({ remove: true });
  assert.equal(typo.outcome, "warnings");
  assert.match(typo.stdout, /! there is no target "Authorization Webhook"/);
  assert.ok(
    typo.stdout.includes(
      `stays: \`deno task setup --remove --name 'it'\\''s a'\` removes it`,
    ),
    typo.stdout,
  );
  const removed = await run({ ...b, endpoint: undefined, remove: true });
  assert.equal(removed.outcome, "done", removed.error);
  assert.deepEqual(
    (await listServiceUsers(instance))
      .filter(({ createdFor }) => createdFor !== undefined)
      .map(({ name, organization }) => [name, organization]),
    [["a-user", own.id]],
  );
  assert.deepEqual((await listTargets(instance)).map(({ name }) => name), [
    "it's a",
  ]);
});

Deno.test("setup --remove keeps the credential while the env file has the key of another target", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile } = scene;
  await Deno.writeTextFile(envFile, "");
  await run(A);
  await run({ name: "b", endpoint: ENDPOINT, envFile: `${envFile}.b` });
  const key = async (file: string) =>
    parseEnv(await Deno.readTextFile(file)).AUTHORIZATION_SIGNING_KEY;
  const text = await Deno.readTextFile(envFile);
  await Deno.writeTextFile(
    envFile,
    text.replace(
      /AUTHORIZATION_SIGNING_KEY=.*/,
      `AUTHORIZATION_SIGNING_KEY=${await key(envFile)},${await key(
        `${envFile}.b`,
      )}`,
    ),
  );
  const first = await run({ remove: true });
  assert.equal(first.outcome, "warnings");
  assert.match(first.stdout, /"a-user" stays: .* key of "b"/);
  assert.match(first.stdout, /target "b" stays: .*--remove --name b/);
  assert.match(first.stdout, /^Removed\. What stays is named above\.$/m);
  assert.match(await Deno.readTextFile(envFile), /SERVICE_ACCOUNT_KEY/);
  assert.equal((await run({ remove: true, name: "b" })).outcome, "done");
  const last = await run({ remove: true });
  assert.equal(last.outcome, "done", last.stdout);
  assert.deepEqual(
    Object.keys(parseEnv(await Deno.readTextFile(envFile))),
    ["ZITADEL_DOMAIN"],
  );
  const marked = (await listServiceUsers(instance))
    .filter(({ createdFor }) => createdFor !== undefined);
  assert.deepEqual(marked, []);
});

Deno.test("setup --remove --roles removes unchanged entries of the mapping's and the token's own organization, and names others", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, scratch, sandbox, roles } = scene;
  const organization = scratch.organization.id;
  const own = await ownOrganization(instance);
  const third = await createOrganization(instance, "Third");
  const entries = [{ key: "x", value: bytes('["a"]') }];
  for (const { id } of [{ id: organization }, own, third]) {
    await setMetadata(instance, id, entries);
  }
  await setMetadata(instance, third.id, [{ key: "y", value: bytes("b") }]);
  await Deno.writeTextFile(envFile, `METADATA_ORGANIZATION=${organization}\n`);
  const file = await roles({ x: ["a"], y: ["other"] });
  const hasX = (id: string) =>
    sandbox.world.organizations.get(id)!.metadata.has("x");

  const removed = await run({ remove: true, roles: file });
  assert.equal(removed.outcome, "warnings", removed.error);
  assert.ok(
    removed.stdout.includes(`metadata x: ["a"], in ${own.name} (${own.id})`),
    removed.stdout,
  );
  const command = `deno task setup --remove --roles ${file} --org ${third.id}`;
  assert.ok(removed.stdout.includes(command), removed.stdout);
  assert.deepEqual([organization, own.id, third.id].map(hasX), [
    false,
    false,
    true,
  ]);
  const last = await run({ remove: true, roles: file, org: third.id });
  assert.equal(last.outcome, "done", last.error);
  assert.ok(!hasX(third.id));
  assert.ok(sandbox.world.organizations.get(third.id)!.metadata.has("y"));
});

Deno.test("setup --remove without --roles says that the mapping stays", async () => {
  await using scene = await createSetupScene();
  const { run, envFile, scratch } = scene;
  const { id } = scratch.organization;
  await Deno.writeTextFile(envFile, `METADATA_ORGANIZATION=${id}\n`);
  const { stdout } = await run({ remove: true });
  assert.ok(
    stdout.includes(
      `the mapping stays in the metadata of the organization ${id}: --roles FILE removes`,
    ),
    stdout,
  );
});

Deno.test("setup --remove --roles only names entries where projects of several organizations have the roles", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, scratch, sandbox, roles } = scene;
  await Deno.writeTextFile(envFile, "METADATA_ORGANIZATION=user\n");
  const customer = await createOrganization(instance, "Customer");
  const project = { name: "Own", roles: ["admin"], assertsRoles: true };
  await createProject(instance, customer.id, project);
  const ids = [scratch.organization.id, customer.id];
  const entries = [{ key: "admin", value: bytes('["a"]') }];
  for (const id of ids) await setMetadata(instance, id, entries);
  const { stdout, outcome } = await run({
    remove: true,
    roles: await roles({ admin: ["a"] }),
  });
  assert.equal(outcome, "warnings");
  for (const id of ids) {
    assert.ok(stdout.includes(`--org ${id}\` removes them`), stdout);
    assert.ok(sandbox.world.organizations.get(id)!.metadata.has("admin"));
  }
});

Deno.test("setup and setup --remove leave a target alone that is called like a stand-in, and that tokens depend on", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile } = scene;
  await Deno.writeTextFile(envFile, "");
  const { id } = await createTarget(instance, {
    name: `${TARGET} (probe)`,
    endpoint: "http://127.0.0.1:9/other",
    timeoutSeconds: 5,
    interruptOnError: true,
  });
  const theirs = { condition: "function/preaccesstoken", targets: [id] };
  await setExecution(instance, theirs);
  await run({ endpoint: ENDPOINT });
  const { stdout } = await run({ remove: true });
  assert.match(stdout, /- target "Authorization Webhook"$/m);
  assert.deepEqual((await listTargets(instance)).map((it) => it.id), [id]);
  assert.deepEqual(await listExecutions(instance), [theirs]);
});
