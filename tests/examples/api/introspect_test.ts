import assert from "node:assert/strict";
import { copyExample, hasNode, type Start } from "./_apis.ts";
import { testApplications, testCors, testOutages } from "./_checks.ts";
import { testShapes } from "./_shapes.ts";
import {
  API_CLIENT,
  getPosts,
  type Issuer,
  PROJECT,
  ROBOT,
  SHOP,
  startIssuer,
} from "./_tokens.ts";

Deno.test({
  name: "introspect.mjs accepts and refuses by ZITADEL's answer, on Node",
  ignore: !hasNode(),
  fn: async (t) => {
    await using stack = new AsyncDisposableStack();
    const issuer = stack.use(await startIssuer());
    const { start } = stack.use(
      await copyExample("introspect.mjs", {
        ISSUER: `${issuer.origin}/`,
        AUDIENCE: PROJECT,
        ...API_CLIENT,
      }),
    );
    await testTokens(t, start, issuer);
    await testConfusion(t, start, issuer);
    await testShapes(t, start, (name, value) => {
      issuer.append(name, value);
      return issuer.opaque;
    });
    issuer.append("permissions", ["posts:read"]);
    await testApplications(t, start, {
      listed: {
        "an application": { client: SHOP, token: issuer.alice.accessToken },
        "a service user": { client: ROBOT, token: issuer.robot },
        "its personal access token": { client: ROBOT, token: issuer.personal },
      },
      unlisted: { "another application": { client: "", token: issuer.opaque } },
    });
    await testRevocation(t, start, issuer);
    await testOutages(t, start, issuer.opaque);
    await testCors(t, start);
  },
});

async function testTokens(t: Deno.TestContext, start: Start, issuer: Issuer) {
  const { alice, opaque, personal, robot } = issuer;
  const api = await start();
  const ask = async (token: string) => {
    const { status, message } = await getPosts(api, `Bearer ${token}`);
    return { status, message };
  };
  const tokens = { opaque, personal, JWT: alice.accessToken, robot };
  for (const [name, token] of Object.entries(tokens)) {
    await t.step(`200 to a token with the permission: ${name}`, async () => {
      assert.equal((await ask(token)).status, 200);
    });
  }
  await t.step(
    "a removed permission is refused with the next request",
    async () => {
      issuer.append("permissions", []);
      assert.deepEqual(await ask(opaque), {
        status: 403,
        message: "Missing permission: posts:read",
      });
      issuer.append("permissions", ["posts:read"]);
      assert.equal((await ask(opaque)).status, 200);
    },
  );
  const refused = {
    "an ID token": alice.idToken,
    "another audience": issuer.elsewhere,
    "a changed token": `${alice.accessToken}x`,
    nonsense: "nonsense",
  };
  for (const [name, token] of Object.entries(refused)) {
    await t.step(`401 to ${name}`, async () => {
      assert.deepEqual(await ask(token), {
        status: 401,
        message: "Not an active access token for this API",
      });
    });
  }
  await t.step("401 without a token", async () => {
    const { status, challenge } = await getPosts(api);
    assert.equal(status, 401);
    assert.equal(challenge, 'Bearer realm="api"');
  });
}

async function testRevocation(
  t: Deno.TestContext,
  start: Start,
  issuer: Issuer,
) {
  await t.step("a revoked token is refused with the next request", async () => {
    const api = await start();
    const ask = () => getPosts(api, `Bearer ${issuer.personal}`);
    assert.equal((await ask()).status, 200);
    issuer.revoke(issuer.personal);
    assert.equal((await ask()).status, 401);
  });
}

/** What the API's own settings can have wrong. */
async function testConfusion(
  t: Deno.TestContext,
  start: Start,
  { opaque }: Issuer,
) {
  await t.step("401 to a token that does not name the audience", async () => {
    const api = await start({ AUDIENCE: "390000000000000012" });
    const { status, message } = await getPosts(api, `Bearer ${opaque}`);
    assert.equal(status, 401);
    assert.equal(message, "Not for this API: aud");
  });
  await t.step("503 if ZITADEL refuses the API's secret", async () => {
    const api = await start({ CLIENT_SECRET: "wrong" });
    assert.equal((await getPosts(api, `Bearer ${opaque}`)).status, 503);
  });
  await t.step("does not start without a credential", async () => {
    await assert.rejects(
      async () => await start({ CLIENT_ID: "" }),
      /Set ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET/,
    );
  });
}
