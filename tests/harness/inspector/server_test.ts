import assert from "node:assert/strict";
import {
  createInspector,
  serveInspector,
} from "../../../harness/inspector/server.ts";

const ISSUER = "https://zitadel.example";
const ORIGIN = "http://localhost:9000";

const handle = createInspector({ issuer: ISSUER, clientId: "42" });

function get(path: string): Promise<Response> {
  return handle(new Request(ORIGIN + path));
}

Deno.test("createInspector() serves the page at its two addresses", async () => {
  const home = await (await get("/")).text();
  assert.match(home, /<script type="module" src="\/inspector\.js">/);
  assert.equal(await (await get("/callback?code=1&state=2")).text(), home);
});

Deno.test("createInspector() allows no inline script or style, and needs none", async () => {
  const response = await get("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.ok(policy.includes("default-src 'none'; script-src 'self'"));
  assert.ok(policy.includes(`connect-src 'self' ${ISSUER};`));
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal(response.headers.get("referrer-policy"), "no-referrer");
  const html = await response.text();
  assert.doesNotMatch(html, /<style|style=|<script>|\son[a-z]+=/);
});

Deno.test("createInspector() serves every module that the page imports", async () => {
  const seen = new Set<string>();
  const follow = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const response = await get(path);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get("content-type") ?? "", /javascript/);
    const text = await response.text();
    const imports = [...text.matchAll(/^(?:import|\}).* from "([^"]+)";$/gm)];
    for (const [, specifier] of imports) {
      await follow(new URL(specifier!, ORIGIN + path).pathname);
    }
  };
  await follow("/inspector.js");
  assert.ok(seen.has("/oauth4webapi.js"));
  assert.ok(seen.size > 10);
});

Deno.test("createInspector() serves the package's module in place of the stand-in", async () => {
  const text = await (await get("/oauth4webapi.js")).text();
  assert.match(text, /export async function authorizationCodeGrantRequest\(/);
});

Deno.test("createInspector() serves nothing but the page's files", async () => {
  for (
    const path of [
      "/deno.json",
      "/server.ts",
      "/nothing.js",
      "/..%2fserver.ts",
      "/page/style.css",
    ]
  ) {
    const { status } = await get(path);
    assert.equal(status, 404, path);
  }
  const post = new Request(ORIGIN, { method: "POST" });
  assert.equal((await handle(post)).status, 405);
});

Deno.test("createInspector() tells the page its settings, and no secret", async () => {
  assert.deepEqual(await (await get("/settings.json")).json(), {
    issuer: ISSUER,
    sandbox: false,
    clientId: "42",
    claim: "permissions",
  });
});

Deno.test("createInspector() explains roles by the function's own look-up", async (t) => {
  const payload = {
    function: "function/preaccesstoken",
    org: { id: "1" },
    user_grants: [{
      project_id: "7",
      resource_owner: "2",
      state: 1,
      roles: ["admin", "viewer", "guest", "broken"],
    }],
  };
  const metadata = {
    "1": {
      admin: ["all"],
      "7:admin": ["own"],
      viewer: "a,b",
      broken: '["a", 1]',
    },
    "2": { admin: ["granted"] },
  };
  const ask = async (body: unknown, handler = handle) => {
    const response = await handler(
      new Request(`${ORIGIN}/explain`, {
        method: "POST",
        body: JSON.stringify(body),
      }),
    );
    return { status: response.status, text: await response.text() };
  };

  await t.step("in the user's organization", async () => {
    const { text } = await ask({ payload, metadata });
    const { grants: [grant], permissions } = JSON.parse(text);
    assert.equal(grant.organization, "1");
    assert.deepEqual(permissions, ["own", "a", "b"]);
    const keys = grant.roles.map((role: { key?: string }) => role.key);
    assert.deepEqual(keys, ["7:admin", "viewer", undefined, "broken"]);
    assert.match(grant.roles[3].why, /not a string/);
  });

  await t.step("in the grant's, where that counts", async () => {
    const handler = createInspector({
      issuer: ISSUER,
      metadataOrganization: "grant",
    });
    const { text } = await ask({ payload, metadata }, handler);
    assert.deepEqual(JSON.parse(text).permissions, ["granted"]);
  });

  for (
    const body of [
      undefined,
      {},
      { payload: {}, metadata },
      { payload: { event_type: "x", aggregateID: "1" }, metadata },
    ]
  ) {
    await t.step(`not ${JSON.stringify(body)}`, async () => {
      assert.equal((await ask(body)).status, 400);
    });
  }
});

Deno.test("serveInspector() answers until it is closed", async () => {
  let origin: string;
  {
    await using inspector = serveInspector({ issuer: ISSUER, port: 0 });
    ({ origin } = inspector);
    assert.equal(inspector.redirectUri, `${origin}/callback`);
    const response = await fetch(`${origin}/icon.svg`);
    assert.equal(response.headers.get("content-type"), "image/svg+xml");
    await response.body?.cancel();
  }
  await assert.rejects(fetch(origin), TypeError);
});
