import assert from "node:assert/strict";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import type { Instance } from "../../../harness/zitadel/client.ts";
import { listMetadata } from "../../../harness/zitadel/metadata.ts";
import {
  createOrganization,
  ownOrganization,
} from "../../../harness/zitadel/organization.ts";
import { createProject } from "../../../harness/zitadel/project.ts";
import { startFunction } from "../_function_server.ts";
import { createSetupScene, NOWHERE, PREACCESSTOKEN } from "./_setup_run.ts";

const endpoint = NOWHERE;

async function keysOf(instance: Instance, { id }: { readonly id: string }) {
  return (await listMetadata(instance, id)).entries.map(({ key }) => key);
}

/** An organization with a project that has the roles. */
async function createOwner(
  instance: Instance,
  name: string,
  roles: readonly string[],
) {
  const organization = await createOrganization(instance, name);
  const project = { name: `${name} shop`, roles };
  const { id } = await createProject(instance, organization.id, project);
  return { ...organization, project: id };
}

Deno.test("setup writes the mapping where the roles are, says why, and proposes that organization and its project", async () => {
  await using scene = await createSetupScene();
  const { expect, write, settings, instance, envFile, roles } = scene;
  await write("");
  const shop = await createOwner(instance, "Initech", ["cook", "waiter"]);
  const options = {
    endpoint,
    roles: await roles({ cook: ["a"], waiter: ["b"] }),
    serviceUser: true,
    serviceUserName: "reader",
  };
  await expect(options, "UsageError", [`--org ${shop.id} for Initech`]);
  const project = `Initech shop (${shop.project})`;
  await expect({ ...options, yes: false }, "failed", [
    `Organization  Initech (${shop.id}): its project has these roles: ${project}`,
    `+ METADATA_ORGANIZATION in ${envFile}: Initech (${shop.id})`,
    `+ PROJECTS in ${envFile}: ${project}`,
    '+ role ORG_OWNER_VIEWER for the service user "reader"',
  ], { answer: true });
  const { METADATA_ORGANIZATION, PROJECTS } = await settings();
  assert.deepEqual([METADATA_ORGANIZATION, PROJECTS], [shop.id, shop.project]);
  assert.deepEqual((await keysOf(instance, shop)).sort(), ["cook", "waiter"]);
});

Deno.test("setup leaves METADATA_ORGANIZATION as it is if it is set, and a target that exists where its mapping is", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, instance, roles } = scene;
  const own = await ownOrganization(instance);
  const shop = await createOwner(instance, "Initech", ["cook"]);
  const file = await roles({ cook: ["a"] });
  await write("METADATA_ORGANIZATION=user\n");
  const asked = await expect(
    { endpoint, roles: file, dryRun: true },
    "changes",
    [/^Organization {2}Initech /m],
  );
  assert.doesNotMatch(asked, /METADATA_ORGANIZATION in|PROJECTS in/);

  await write("");
  await run({ endpoint });
  await run({ roles: file, org: own.id });
  await expect({ roles: await roles({ cook: ["b"] }) }, "done", [
    `${own.name} (${own.id}): it has such entries`,
    /! no project of .* has these roles, but Initech shop/,
  ]);
  assert.deepEqual(await keysOf(instance, shop), []);
});

Deno.test("setup asks for --org if projects of several organizations have the roles", async () => {
  await using scene = await createSetupScene();
  const { expect, instance, roles } = scene;
  const one = await createOwner(instance, "One", ["cook"]);
  // More of the roles are no reason: a customer could name them.
  const two = await createOwner(instance, "Two", ["cook", "waiter"]);
  const options = {
    endpoint,
    dryRun: true,
    roles: await roles({ cook: ["a"], waiter: ["b"] }),
  };
  await expect(
    options,
    "UsageError",
    [one, two].map(({ id, name, project }) =>
      `--org ${id} for ${name} with ${name} shop (${project})`
    ),
  );
  await expect({ ...options, org: two.id }, "changes", [
    /\+ METADATA_ORGANIZATION in .*: Two/,
  ]);
  await expect({ ...options, project: [one.project] }, "changes", [
    /^Organization {2}One .*: it owns the project/m,
  ]);
});

Deno.test("setup binds if no project has the roles, says so, and exits with 1", async () => {
  await using scene = await createSetupScene();
  const { expect, envFile, sandbox, roles, snapshot } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  const { endpoint } = server;
  const options = { endpoint, roles: await roles({ x: ["a"] }) };
  await expect(options, "failed", [
    /^Organization .*since no project has these roles$/m,
  ]);
  await server.reload();
  await expect(options, "warnings", [
    "! no user gets a permission: no project has a role of the mapping",
    /^Done, but no user gets a permission yet: see above\.$/m,
  ]);
  assert.deepEqual(Object.keys((await snapshot()).executions), [
    PREACCESSTOKEN,
  ]);
});

Deno.test("setup says for how long the function holds an older mapping, unless it gets events", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, roles } = scene;
  const org = scene.scratch.organization.id;
  await write("CACHE_STALE_SECONDS=30\n", { append: true });
  await using _ = await scene.connect();
  const first = { org, roles: await roles({ admin: ["1"] }) };
  await expect(first, "done", [/! the function holds .* 60 s .* 90 s at most/]);
  assert.doesNotMatch((await run(first)).stdout, /the function holds/);
  await run({ also: ["events"] });
  const second = { org, roles: await roles({ admin: ["2"] }) };
  const told = await expect(second, "done", ["metadata admin"]);
  assert.doesNotMatch(told, /the function holds/);
});

Deno.test("setup says for whose users entries do not count", async () => {
  await using scene = await createSetupScene();
  const { expect, write, instance, roles } = scene;
  const owner = await createOwner(instance, "Initech", ["cook"]);
  const { id: organization, project } = owner;
  const customer = await createOrganization(instance, "Customer");
  await instance.service(ManagementService, { organization }).addProjectGrant({
    projectId: project,
    grantedOrgId: customer.id,
    roleKeys: ["cook"],
  });
  const options = { roles: await roles({ cook: ["a"] }), dryRun: true };
  await write("METADATA_ORGANIZATION=user\n");
  await expect(options, "changes", [
    `is granted to Customer (${customer.id}): for them these entries do not count. METADATA_ORGANIZATION=${organization} makes`,
  ]);
  await write(`METADATA_ORGANIZATION=${customer.id}\n`);
  await expect({ ...options, org: organization }, "changes", [
    `METADATA_ORGANIZATION=${organization} is set`,
  ]);
});
