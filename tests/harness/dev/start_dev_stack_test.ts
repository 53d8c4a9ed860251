import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { startDevStack } from "../../../harness/dev/start_dev_stack.ts";
import { freePort } from "../../../harness/util/free_port.ts";
import { login } from "../../../harness/zitadel/login.ts";

Deno.test("startDevStack() starts a sandbox whose tokens contain permissions", async () => {
  const port = freePort();
  const functionPort = freePort();
  const addresses: string[] = [];
  {
    await using stack = await startDevStack({
      settings: {
        PERMISSIONS_CLAIM: "rights",
        CLIENT_ID: "not for the sandbox",
        PORT: String(functionPort),
        HOST: "0.0.0.0",
      },
      port,
    });
    const { sandbox, inspector, issuer, endpoint } = stack;
    assert.equal(endpoint, `http://127.0.0.1:${functionPort}/`);
    const app = [...sandbox!.world.apps.values()]
      .find(({ kind }) => kind === "oidc")!;
    const tokens = await login(issuer, {
      clientId: app.clientId,
      redirectUri: inspector.redirectUri,
      scope: "openid",
      loginName: "alice",
      password: "any",
      loginClientToken: sandbox!.loginClientToken,
    });
    assert.deepEqual(decodeJwt(tokens.accessToken).rights, [
      "read:all",
      "write:all",
      "delete:all",
      "posts:read",
    ]);
    assert.deepEqual(
      decodeJwt(tokens.idToken!).rights,
      decodeJwt(tokens.accessToken).rights,
    );
    const settings = await fetch(`${inspector.origin}/settings.json`);
    const { routes, ...others } = await settings.json();
    assert.deepEqual(others, {
      issuer,
      sandbox: true,
      clientId: "",
      projectId: "",
      projectName: "",
      claim: "rights",
      shape: "list",
      api: {
        project: "390000000000000011",
        organization: "390000000000000001",
      },
    });
    assert.equal(routes[0].permission, "posts:read");
    const calls = await fetch(`${inspector.origin}/api-calls`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokens.accessToken}` },
    });
    const results: { status: number }[] = await calls.json();
    // The second has no body.
    assert.deepEqual(
      results.map(({ status }) => status),
      [200, 200],
      JSON.stringify(results),
    );
    addresses.push(issuer, inspector.origin, endpoint!);
  }
  for (const address of addresses) {
    await assert.rejects(fetch(address), TypeError, address);
  }
});

Deno.test("startDevStack() uses the instance in ZITADEL_DOMAIN", async (t) => {
  const settings = { ZITADEL_DOMAIN: "https://zitadel.example/" };
  await t.step(
    "and explains the two ways on if it has no settings",
    async () => {
      await assert.rejects(
        startDevStack({ settings, port: freePort() }),
        /Two ways on: `deno task setup` [^]*--no-function[^]*AUTHORIZATION_SIGNING_KEY is missing[^]*ACCESS_TOKEN is missing/,
      );
    },
  );
  await t.step("without a function where that runs elsewhere", async () => {
    await using stack = await startDevStack({
      settings,
      port: freePort(),
      clientId: "42",
      withoutFunction: true,
    });
    const { inspector, sandbox, endpoint } = stack;
    assert.equal(sandbox, undefined);
    assert.equal(endpoint, undefined);
    const answer = await fetch(`${inspector.origin}/settings.json`);
    const { issuer, clientId, api } = await answer.json();
    assert.deepEqual([issuer, clientId, api], [
      "https://zitadel.example",
      "42",
      null,
    ]);
  });
});

Deno.test("startDevStack() stops what it started if a later part fails", async () => {
  await assert.rejects(
    startDevStack({
      ...{ settings: {}, port: freePort(), anyPorts: true },
      createApp: "Shop",
    }),
    /--create-app needs/,
  );
});

Deno.test("startDevStack() names a port that is in use, and who chose it", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assert.rejects(
    startDevStack({ settings: {}, port: taken.addr.port }),
    new RegExp(`port ${taken.addr.port}, chosen by --port, is in use`),
  );
  const PORT = String(taken.addr.port);
  await assert.rejects(
    startDevStack({ settings: { PORT }, port: freePort() }),
    new RegExp(`port ${PORT}, chosen by PORT, is in use`),
  );
  await assert.rejects(
    startDevStack({ settings: { PORT: "80x" }, port: freePort() }),
    /PORT is not a whole number/,
  );
});
