import assert from "node:assert/strict";
import { createInspector } from "../../../harness/inspector/server.ts";

const ISSUER = "https://zitadel.example";
const ORIGIN = "http://localhost:9000";

const handle = createInspector({ issuer: ISSUER, clientId: "42" });

const get = (path: string) => handle(new Request(ORIGIN + path));

Deno.test("createInspector() serves the page at its two addresses, with one style sheet and no inline script", async () => {
  const response = await get("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.ok(policy.includes("default-src 'none'; script-src 'self'"));
  assert.ok(policy.includes(`connect-src 'self' ${ISSUER};`));
  assert.ok(policy.includes("require-trusted-types-for 'script'"));
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal(response.headers.get("referrer-policy"), "no-referrer");
  const html = await response.text();
  assert.match(html, /<script type="module" src="\/inspector\.js">/);
  assert.doesNotMatch(html, /<!--|style=|<script>|\son[a-z]+=/);
  const [, style] = /<style>([^]*)<\/style>/.exec(html)!;
  const bytes = new TextEncoder().encode(style);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  const hash = new Uint8Array(digest).toBase64();
  assert.ok(policy.includes(`style-src 'sha256-${hash}';`));
  const { headers } = await get("/inspector.js");
  assert.match(headers.get("content-security-policy")!, /style-src 'none'/);
  assert.equal(await (await get("/callback?code=1&state=2")).text(), html);
});

Deno.test("createInspector() escapes the settings that it writes into the page", async () => {
  const claim = "</script><script>alert(1)</script>";
  const rules = { metadataOrganization: "user", claim };
  const handler = createInspector({ issuer: ISSUER, rules });
  const html = await (await handler(new Request(ORIGIN))).text();
  assert.equal(html.match(/<script/g)?.length, 2);
});

Deno.test("createInspector() has every module that the page imports loaded at once, and serves no other file", async () => {
  const html = await (await get("/")).text();
  const modules = [...html.matchAll(/modulepreload" href="([^"]+)"/g)]
    .map(([, href]) => href!);
  for (const path of modules) {
    const response = await get(path);
    assert.match(response.headers.get("content-type") ?? "", /javascript/);
    const text = await response.text();
    for (
      const [, it] of text.matchAll(/^(?:import|\}).* from "\.([^"]+)";$/gm)
    ) {
      assert.ok(modules.includes(it!), `${path} imports ${it}`);
    }
    // The package's own module is in place of the stand-in.
    if (path !== "/oauth4webapi.js") continue;
    assert.match(text, /export async function authorizationCodeGrantRequest\(/);
  }
  const others = ["/deno.json", "/server.ts", "/nothing.js", "/..%2fserver.ts"];
  for (const path of [...others, "/page/style.css"]) {
    assert.equal((await get(path)).status, 404, path);
  }
  const post = new Request(ORIGIN, { method: "POST" });
  assert.equal((await handle(post)).status, 405);
});

Deno.test("createInspector() refuses another host's name on every path, and a page of another site", async () => {
  let asked = 0;
  const handle = createInspector({
    issuer: ISSUER,
    readBinding: () => Promise.resolve((asked++, [])),
  });
  const statusFrom = async (site?: string) => {
    const headers = { ...site && { "sec-fetch-site": site } };
    const init = { method: "POST", body: "null", headers };
    return (await handle(new Request(`${ORIGIN}/refusal`, init))).status;
  };
  for (const site of ["cross-site", "same-site", "none"]) {
    assert.equal(await statusFrom(site), 403);
  }
  assert.equal(asked, 0);
  assert.equal(await statusFrom("same-origin"), 200);
  // A program, not a browser.
  assert.equal(await statusFrom(), 200);
  assert.equal(asked, 2);
  const headers = { host: "evil.example" };
  for (const path of ["/", "/explain", "/callback?code=1"]) {
    const response = await handle(new Request(ORIGIN + path, { headers }));
    assert.equal(response.status, 421);
    assert.doesNotMatch(await response.text(), /evil|issuer/);
  }
});
