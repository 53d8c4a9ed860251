import assert from "node:assert/strict";
import { startDevStack } from "../../../harness/dev/start_dev_stack.ts";
import { createTemporaryApp } from "../../../harness/dev/temporary_app.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { createOrganization } from "../../../harness/zitadel/organization.ts";
import { createProject } from "../../../harness/zitadel/project.ts";
import { freePort } from "../../../harness/util/free_port.ts";

Deno.test("createTemporaryApp() creates an application and removes it again", async (t) => {
  await using sandbox = await startSandbox();
  const { apps } = sandbox.world;
  const before = [...apps.keys()];
  const settings = {
    ZITADEL_DOMAIN: sandbox.origin,
    ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
  };
  for (const project of ["Storefront", "390000000000000011"]) {
    await t.step(`in the project ${project}`, async () => {
      {
        await using stack = await startDevStack({
          settings,
          createApp: project,
          withoutFunction: true,
          port: freePort(),
        });
        const { inspector, app } = stack;
        const created = apps.values().find(({ clientId }) =>
          clientId === app!.clientId
        )!;
        assert.match(created.name, /^Token inspector \(temporary\) 2/);
        assert.equal(created.accessToken, "jwt");
        assert.deepEqual(created.redirectUris, [inspector.redirectUri]);
        const answer = await fetch(`${inspector.origin}/settings.json`);
        const { clientId, projectId, projectName } = await answer.json();
        assert.deepEqual([clientId, projectId, projectName], [
          created.clientId,
          "390000000000000011",
          "Storefront",
        ]);
      }
      assert.deepEqual([...apps.keys()], before);
    });
  }
  await t.step("and names a project that does not exist", async () => {
    await assert.rejects(
      createTemporaryApp({
        origin: sandbox.origin,
        adminToken: sandbox.adminToken,
        project: "Nowhere",
        redirectUri: "http://localhost:9000/callback",
      }),
      /no project has the id or name "Nowhere" in the 3 organizations/,
    );
  });
  await t.step("and not in one of several projects of that name", async () => {
    const { origin, adminToken, world } = sandbox;
    const instance = connect(origin, adminToken);
    const customer = await createOrganization(instance, "Customer");
    const planted = { name: "Storefront", roles: [] };
    await createProject(instance, customer.id, planted);
    const count = world.apps.size;
    await assert.rejects(
      createTemporaryApp({
        ...{ origin, adminToken, project: "Storefront" },
        redirectUri: "http://localhost:9000/callback",
      }),
      /Several projects .* "Storefront".*: Storefront \(390000000000000011\) of .* of Customer/,
    );
    assert.equal(world.apps.size, count);
  });
  await t.step("and not without an administrator's token", async () => {
    await assert.rejects(
      startDevStack({
        settings: { ZITADEL_DOMAIN: sandbox.origin },
        createApp: "Storefront",
        withoutFunction: true,
        port: freePort(),
      }),
      /--create-app needs ZITADEL_DOMAIN and ZITADEL_ADMIN_TOKEN/,
    );
  });
});
