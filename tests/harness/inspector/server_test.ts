import assert from "node:assert/strict";
import { freePort } from "../../../harness/util/free_port.ts";
import {
  createInspector,
  serveInspector,
} from "../../../harness/inspector/server.ts";

const ISSUER = "https://zitadel.example";
const ORIGIN = "http://localhost:9000";

const PAGE = new URL("../../../harness/inspector/page/", import.meta.url);

const handle = createInspector({ issuer: ISSUER, clientId: "42" });

function get(path: string): Promise<Response> {
  return handle(new Request(ORIGIN + path));
}

Deno.test("createInspector() serves the page at its two addresses", async () => {
  const home = await (await get("/")).text();
  assert.match(home, /<script type="module" src="\/inspector\.js">/);
  assert.doesNotMatch(home, /<!--/, "A placeholder is left");
  assert.equal(await (await get("/callback?code=1&state=2")).text(), home);
});

Deno.test("serveInspector() owns localhost, and refuses another host's name on every path", async () => {
  await using inspector = serveInspector({ issuer: ISSUER, port: freePort() });
  const { port } = new URL(inspector.origin);
  for (const host of ["127.0.0.1", "[::1]"]) {
    const response = await fetch(`http://${host}:${port}/callback?code=1`);
    assert.match(await response.text(), /inspector\.js/);
  }
  const headers = { host: "evil.example" };
  for (const path of ["/", "/settings.json", "/explain", "/callback?code=1"]) {
    const response = await handle(new Request(ORIGIN + path, { headers }));
    assert.equal(response.status, 421);
    assert.doesNotMatch(await response.text(), /evil|issuer/);
  }
});

Deno.test("createInspector() has nothing asked at the instance by a page of another site", async () => {
  let asked = 0;
  const handle = createInspector({
    issuer: ISSUER,
    readBinding: () => Promise.resolve((asked++, [])),
  });
  const statusFrom = async (site?: string) => {
    const headers = { ...site && { "sec-fetch-site": site } };
    const request = new Request(`${ORIGIN}/refusal`, {
      ...{ method: "POST", body: "null", headers },
    });
    return (await handle(request)).status;
  };
  for (const site of ["cross-site", "same-site", "none"]) {
    assert.equal(await statusFrom(site), 403);
  }
  assert.equal(asked, 0);
  assert.equal(await statusFrom("same-origin"), 200);
  // A program, not a browser.
  assert.equal(await statusFrom(), 200);
  assert.equal(asked, 2);
});

Deno.test("createInspector() allows no inline script, and one style sheet by its hash", async () => {
  const response = await get("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.ok(policy.includes("default-src 'none'; script-src 'self'"));
  assert.ok(policy.includes(`connect-src 'self' ${ISSUER};`));
  assert.ok(policy.includes("require-trusted-types-for 'script'"));
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal(response.headers.get("referrer-policy"), "no-referrer");
  const html = await response.text();
  assert.doesNotMatch(html, /style=|<script>|\son[a-z]+=/);
  const [, style] = /<style>([^]*)<\/style>/.exec(html)!;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(style),
  );
  const hash = new Uint8Array(digest).toBase64();
  assert.ok(policy.includes(`style-src 'sha256-${hash}';`));
  const other = await get("/inspector.js");
  assert.match(
    other.headers.get("content-security-policy") ?? "",
    /style-src 'none'/,
  );
});

Deno.test("createInspector() escapes the settings that it writes into the page", async () => {
  const handler = createInspector({
    issuer: ISSUER,
    rules: {
      metadataOrganization: "user",
      claim: "</script><script>alert(1)</script>",
    },
  });
  const html = await (await handler(new Request(ORIGIN))).text();
  assert.equal(html.match(/<script/g)?.length, 2);
});

Deno.test("createInspector() has every module loaded at once", async () => {
  const html = await (await get("/")).text();
  const preloaded = [...html.matchAll(/modulepreload" href="([^"]+)"/g)]
    .map(([, href]) => href);
  const served = [];
  for await (const { name } of Deno.readDir(PAGE)) {
    if (name.endsWith(".js")) served.push(`/${name}`);
  }
  assert.deepEqual(preloaded.sort(), served.sort());
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
    projectId: "",
    projectName: "",
    claim: "permissions",
    shape: "list",
    api: null,
    routes: [],
  });
});

Deno.test("createInspector() reports what the API answers to the page's token", async () => {
  await using api = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) =>
      Response.json({ message: request.headers.get("authorization") }, {
        status: request.method === "GET" ? 200 : 403,
      }),
  );
  const handler = createInspector({
    issuer: ISSUER,
    api: {
      origin: `http://127.0.0.1:${api.addr.port}`,
      project: "7",
      organization: "1",
    },
  });
  const call = () =>
    new Request(`${ORIGIN}/api-calls`, {
      method: "POST",
      headers: { authorization: "Bearer t", cookie: "not passed on" },
    });
  assert.deepEqual(await (await handler(call())).json(), [
    { status: 200, reason: "" },
    { status: 403, reason: "Bearer t" },
  ]);
  assert.equal((await handle(call())).status, 405, "There is no API");
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
