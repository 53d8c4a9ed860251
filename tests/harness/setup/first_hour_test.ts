import assert from "node:assert/strict";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import type { Instance } from "../../../harness/zitadel/client.ts";
import { listMetadata } from "../../../harness/zitadel/metadata.ts";
import {
  createOrganization,
  ownOrganization,
} from "../../../harness/zitadel/organization.ts";
import { createProject } from "../../../harness/zitadel/project.ts";
import { startFunction } from "../_function_server.ts";
import { createSetupScene } from "./_setup_run.ts";

const ENDPOINT = "http://127.0.0.1:9/";

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
  const project = await createProject(instance, organization.id, {
    name: `${name} shop`,
    roles,
  });
  return { ...organization, project };
}

Deno.test("setup writes the mapping where the roles are, says why, and proposes that organization and its project", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, roles } = scene;
  await Deno.writeTextFile(envFile, "");
  const shop = await createOwner(instance, "Initech", ["cook", "waiter"]);
  const options = {
    endpoint: ENDPOINT,
    roles: await roles({ cook: ["a"], waiter: ["b"] }),
    serviceUser: true,
    serviceUserName: "reader",
  };
  const unasked = await run(options);
  assert.equal(unasked.outcome, "UsageError");
  assert.ok(unasked.error.includes(`--org ${shop.id} for Initech`));
  const { stdout } = await run({ ...options, yes: false }, { answer: true });
  const project = `Initech shop (${shop.project.id})`;
  for (
    const line of [
      `Organization  Initech (${shop.id}): its project has these roles: ${project}`,
      `+ METADATA_ORGANIZATION in ${envFile}: Initech (${shop.id})`,
      `+ PROJECTS in ${envFile}: ${project}`,
      '+ role ORG_OWNER_VIEWER for the service user "reader"',
    ]
  ) assert.ok(stdout.includes(line), stdout);
  const settings = parseEnv(await Deno.readTextFile(envFile));
  assert.equal(settings.METADATA_ORGANIZATION, shop.id);
  assert.equal(settings.PROJECTS, shop.project.id);
  assert.deepEqual((await keysOf(instance, shop)).sort(), ["cook", "waiter"]);
});

Deno.test("setup leaves METADATA_ORGANIZATION as it is if it is set, and a target that exists where its mapping is", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, roles } = scene;
  const own = await ownOrganization(instance);
  const shop = await createOwner(instance, "Initech", ["cook"]);
  const file = await roles({ cook: ["a"] });
  await Deno.writeTextFile(envFile, "METADATA_ORGANIZATION=user\n");
  const asked = await run({ endpoint: ENDPOINT, roles: file, dryRun: true });
  assert.match(asked.stdout, /^Organization {2}Initech /m);
  assert.doesNotMatch(asked.stdout, /METADATA_ORGANIZATION in|PROJECTS in/);

  await Deno.writeTextFile(envFile, "");
  await run({ endpoint: ENDPOINT });
  await run({ roles: file, org: own.id });
  const again = await run({ roles: await roles({ cook: ["b"] }) });
  assert.ok(
    again.stdout.includes(`${own.name} (${own.id}): it has such entries`),
    again.stdout,
  );
  assert.match(
    again.stdout,
    /! no project of .* has these roles, but Initech shop/,
  );
  assert.deepEqual(await keysOf(instance, shop), []);
});

Deno.test("setup asks for --org if projects of several organizations have the roles", async () => {
  await using scene = await createSetupScene();
  const { run, instance, roles } = scene;
  const [one, other] = [
    await createOwner(instance, "One", ["cook"]),
    // More of the roles are no reason: a customer could name them.
    await createOwner(instance, "Two", ["cook", "waiter"]),
  ];
  const options = {
    endpoint: ENDPOINT,
    roles: await roles({ cook: ["a"], waiter: ["b"] }),
  };
  const { outcome, error } = await run(options);
  assert.equal(outcome, "UsageError");
  for (const { id, name, project } of [one!, other!]) {
    const choice = `--org ${id} for ${name} with ${name} shop (${project.id})`;
    assert.ok(error.includes(choice), error);
  }
  const chosen = await run({ ...options, org: other!.id, dryRun: true });
  assert.match(chosen.stdout, /\+ METADATA_ORGANIZATION in .*: Two/);
  const named = await run({
    ...options,
    project: [one!.project.id],
    dryRun: true,
  });
  assert.match(named.stdout, /^Organization {2}One .*: it owns the project/m);
});

Deno.test("setup binds if no project has the roles, says so, and exits with 1", async () => {
  await using scene = await createSetupScene();
  const { run, envFile, sandbox, roles, snapshot } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  const options = {
    endpoint: server.endpoint,
    roles: await roles({ x: ["a"] }),
  };
  const first = await run(options);
  assert.match(
    first.stdout,
    /^Organization .*since no project has these roles$/m,
  );
  await server.reload();
  const { outcome, stdout } = await run(options);
  assert.equal(outcome, "warnings", stdout);
  assert.match(
    stdout,
    /! no user gets a permission: no project has a role of the mapping/,
  );
  assert.match(
    stdout,
    /^Done, but no user gets a permission yet: see above\.$/m,
  );
  assert.equal((await snapshot()).executions.length, 1);
});

Deno.test("setup says for how long the function holds an older mapping, unless it gets events", async () => {
  await using scene = await createSetupScene();
  const { run, envFile, sandbox, roles, scratch } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  const org = scratch.organization.id;
  await run({ endpoint: server.endpoint });
  await Deno.writeTextFile(envFile, "CACHE_STALE_SECONDS=30\n", {
    append: true,
  });
  await server.reload();
  assert.equal((await run({ endpoint: server.endpoint })).outcome, "done");
  const held = await run({ org, roles: await roles({ admin: ["1"] }) });
  assert.match(
    held.stdout,
    /! the function holds .* after 60 s .* 90 s at most/,
  );
  const same = await run({ org, roles: await roles({ admin: ["1"] }) });
  assert.doesNotMatch(same.stdout, /the function holds/);
  await run({ also: ["events"] });
  const told = await run({ org, roles: await roles({ admin: ["2"] }) });
  assert.match(told.stdout, /metadata admin/);
  assert.doesNotMatch(told.stdout, /the function holds/);
});

Deno.test("setup says for whose users entries do not count", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, roles } = scene;
  const shop = await createOwner(instance, "Initech", ["cook"]);
  const customer = await createOrganization(instance, "Customer");
  await instance.service(ManagementService, { organization: shop.id })
    .addProjectGrant({
      projectId: shop.project.id,
      grantedOrgId: customer.id,
      roleKeys: ["cook"],
    });
  await Deno.writeTextFile(envFile, "METADATA_ORGANIZATION=user\n");
  const file = await roles({ cook: ["a"] });
  const { stdout } = await run({ roles: file, dryRun: true });
  assert.ok(
    stdout.includes(
      `is granted to Customer (${customer.id}): for them these entries do not count. METADATA_ORGANIZATION=${shop.id} makes`,
    ),
    stdout,
  );
  await Deno.writeTextFile(envFile, `METADATA_ORGANIZATION=${customer.id}\n`);
  const other = await run({ roles: file, org: shop.id, dryRun: true });
  assert.ok(
    other.stdout.includes(`METADATA_ORGANIZATION=${shop.id} is set`),
    other.stdout,
  );
});
