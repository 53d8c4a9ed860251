import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import {
  type DevStackOptions,
  startDevStack,
} from "../../../harness/dev/start_dev_stack.ts";
import { createTemporaryApp } from "../../../harness/dev/temporary_app.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { freePort } from "../../../harness/util/free_port.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { login } from "../../../harness/zitadel/login.ts";
import { createOrganization } from "../../../harness/zitadel/organization.ts";
import { createProject } from "../../../harness/zitadel/project.ts";
import { testEach } from "../../_test_each.ts";

const start = (options: Partial<DevStackOptions>) =>
  startDevStack({ settings: {}, port: freePort(), anyPorts: true, ...options });

/** The settings that a page is served with. */
async function settingsOf({ origin }: { origin: string }) {
  const html = await (await fetch(origin)).text();
  return JSON.parse(/id="settings">(.*)<\/script>/.exec(html)![1]!);
}

const PROJECT = "390000000000000011";

Deno.test("startDevStack() starts a sandbox whose tokens contain permissions, and stops all of it", async () => {
  const port = String(freePort());
  const addresses: string[] = [];
  {
    await using stack = await start({
      settings: {
        PERMISSIONS_CLAIM: "rights",
        CLIENT_ID: "not for the sandbox",
        PORT: port,
        HOST: "0.0.0.0",
      },
    });
    const { sandbox, inspector, issuer, endpoint, api } = stack;
    assert.equal(endpoint, `http://127.0.0.1:${port}/`);
    const app = sandbox!.world.apps.values()
      .find(({ kind }) => kind === "oidc")!;
    const { accessToken, idToken } = await login(issuer, {
      clientId: app.clientId,
      redirectUri: inspector.redirectUri,
      scope: "openid",
      loginName: "alice",
      password: "any",
      loginClientToken: sandbox!.loginClientToken,
    });
    const { rights } = decodeJwt(accessToken);
    const expected = ["read:all", "write:all", "delete:all", "posts:read"];
    assert.deepEqual(rights, expected);
    assert.deepEqual(decodeJwt(idToken!).rights, rights);
    const { routes, ...others } = await settingsOf(inspector);
    assert.deepEqual(others, {
      issuer,
      sandbox: true,
      clientId: "",
      projectId: "",
      projectName: "",
      claim: "rights",
      shape: "list",
      api: { project: PROJECT, organization: "390000000000000001" },
    });
    assert.equal(routes[0].permission, "posts:read");
    const calls = await fetch(`${inspector.origin}/api-calls`, {
      method: "POST",
      headers: { authorization: `Bearer ${accessToken}` },
    });
    // The second has no body.
    const results: { status: number }[] = await calls.json();
    assert.deepEqual(results.map(({ status }) => status), [200, 200]);
    addresses.push(issuer, inspector.origin, endpoint!, api!);
  }
  for (const address of addresses) {
    await assert.rejects(fetch(address), TypeError, address);
  }
});

Deno.test("startDevStack() uses the instance in ZITADEL_DOMAIN, without a function that runs elsewhere", async () => {
  const settings = { ZITADEL_DOMAIN: "https://zitadel.example/" };
  await using stack = await start({
    settings,
    clientId: "42",
    withoutFunction: true,
  });
  assert.deepEqual([stack.sandbox, stack.endpoint], [undefined, undefined]);
  const { issuer, clientId, api } = await settingsOf(stack.inspector);
  assert.deepEqual([issuer, clientId, api], [
    "https://zitadel.example",
    "42",
    null,
  ]);
});

const TAKEN = Deno.listen({ hostname: "127.0.0.1", port: 0 });
addEventListener("unload", () => TAKEN.close());
const { port: taken } = TAKEN.addr;

testEach<[Partial<DevStackOptions>, RegExp]>(
  "startDevStack() refuses what it cannot start, and stops the rest",
  {
    "an instance without settings": [
      { settings: { ZITADEL_DOMAIN: "https://zitadel.example/" } },
      /Two ways on: `deno task setup` [^]*--no-function[^]*AUTHORIZATION_SIGNING_KEY is missing[^]*ACCESS_TOKEN is missing/,
    ],
    "an application in the sandbox": [
      { createApp: "Shop" },
      /--create-app needs/,
    ],
    "an application without an administrator's token": [
      {
        settings: { ZITADEL_DOMAIN: "https://zitadel.example" },
        createApp: "Storefront",
        withoutFunction: true,
      },
      /--create-app needs ZITADEL_DOMAIN and ZITADEL_ADMIN_TOKEN/,
    ],
    "the page's port is in use": [
      { port: taken },
      new RegExp(`port ${taken}, chosen by --port, is in use`),
    ],
    "the function's port is in use": [
      { settings: { PORT: String(taken) } },
      new RegExp(`port ${taken}, chosen by PORT, is in use`),
    ],
    "no port": [{ settings: { PORT: "80x" } }, /PORT is not a whole number/],
  },
  async ([options, expected]) => {
    await assert.rejects(start(options), expected);
  },
);

Deno.test("createTemporaryApp() creates an application and removes it again", async () => {
  await using sandbox = await startSandbox();
  const { origin, adminToken, world: { apps } } = sandbox;
  const before = [...apps.keys()];
  for (const project of ["Storefront", PROJECT]) {
    {
      await using stack = await start({
        settings: { ZITADEL_DOMAIN: origin, ZITADEL_ADMIN_TOKEN: adminToken },
        createApp: project,
        withoutFunction: true,
      });
      const { inspector, app } = stack;
      const created = apps.values()
        .find(({ clientId }) => clientId === app!.clientId)!;
      assert.match(created.name, /^Token inspector \(temporary\) 2/);
      assert.equal(created.accessToken, "jwt");
      assert.deepEqual(created.redirectUris, [inspector.redirectUri]);
      const { clientId, projectId, projectName } = await settingsOf(inspector);
      assert.deepEqual([clientId, projectId, projectName], [
        created.clientId,
        PROJECT,
        "Storefront",
      ]);
    }
    assert.deepEqual([...apps.keys()], before);
  }
  const create = (project: string) =>
    createTemporaryApp({ origin, adminToken, project, redirectUri: "" });
  await assert.rejects(
    create("Nowhere"),
    /no project has the id or name "Nowhere" in the 3 organizations/,
  );
  // Tenants choose names.
  const instance = connect(origin, adminToken);
  const customer = await createOrganization(instance, "Customer");
  const planted = { name: "Storefront", roles: [] };
  await createProject(instance, customer.id, planted);
  await assert.rejects(
    create("Storefront"),
    /Several projects .* "Storefront".*: Storefront \(390000000000000011\) of .* of Customer/,
  );
  assert.deepEqual([...apps.keys()], before);
});
