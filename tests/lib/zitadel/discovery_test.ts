import assert from "node:assert/strict";
import { createConnection } from "../../../lib/zitadel/connection.ts";
import { judgeMissingApis } from "../../../lib/zitadel/discovery.ts";

const { signal } = new AbortController();

function judge(body: string, init: ResponseInit) {
  const connection = createConnection({
    domainOrigin: "https://example.zitadel.cloud",
    fetch: () => Promise.resolve(new Response(body, init)),
    now: Date.now,
    timeoutMs: 1_000,
  });
  return judgeMissingApis(connection, signal);
}

const json = { "content-type": "application/json" };
const document = '{"issuer":"https://example.zitadel.cloud"}';

Deno.test("judgeMissingApis() takes a discovery document for a ZITADEL without the APIs", async () => {
  const fault = await judge(document, { headers: json });
  assert.equal(fault.kind, "no_metadata_api");
});

Deno.test("judgeMissingApis() takes anything else for another server", async (t) => {
  const answers: [string, string, ResponseInit][] = [
    ["an error", document, { status: 403, headers: json }],
    ["another type", document, { headers: { "content-type": "text/html" } }],
    ["no issuer", "{}", { headers: json }],
    ["no JSON", "<html>", { headers: json }],
  ];
  for (const [name, body, init] of answers) {
    await t.step(name, async () => {
      assert.equal((await judge(body, init)).kind, "intercepted");
    });
  }
});
