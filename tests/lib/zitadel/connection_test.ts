import assert from "node:assert/strict";
import { UpstreamFault } from "../../../lib/zitadel/upstream_fault.ts";
import { connectionBy } from "./_connection.ts";
import { hasKind } from "./_fault.ts";

/** A connection, and the requests that it sent. */
function connect(
  origins: { domainOrigin: string; internalOrigin?: string },
  response = () => new Response("ok"),
) {
  const sent: Request[] = [];
  const connection = connectionBy((input, init) => {
    sent.push(new Request(input, init));
    return Promise.resolve(response());
  }, origins);
  return { connection, sent };
}

Deno.test("createConnection() uses the public origin if there is no other", async () => {
  const { connection, sent } = connect({
    domainOrigin: "https://login.example",
  });
  assert.equal(connection.issuer, "https://login.example");
  assert.equal(connection.baseUrl, "https://login.example");
  await connection.fetch(`${connection.baseUrl}/a`);
  assert.equal(sent[0]!.headers.get("x-zitadel-instance-host"), null);
});

Deno.test("createConnection() names the public host with its port to the internal origin", async () => {
  for (
    const [domainOrigin, host] of [
      ["https://login.example", "login.example"],
      ["http://localhost:8080", "localhost:8080"],
    ] as const
  ) {
    const { connection, sent } = connect({
      domainOrigin,
      internalOrigin: "http://zitadel:9090",
    });
    assert.equal(connection.issuer, domainOrigin);
    assert.equal(connection.baseUrl, "http://zitadel:9090");
    await connection.fetch(`${connection.baseUrl}/a`, {
      headers: { authorization: "Bearer a" },
    });
    const { headers } = sent[0]!;
    assert.equal(headers.get("x-zitadel-instance-host"), host);
    assert.equal(headers.get("authorization"), "Bearer a");
  }
});

Deno.test("createConnection() returns a redirect and does not follow it", async () => {
  const { connection, sent } = connect(
    { domainOrigin: "https://login.example" },
    () => new Response(null, { status: 307, headers: { location: "/b" } }),
  );
  const response = await connection.fetch("https://login.example/a", {
    redirect: "follow",
  });
  assert.equal(response.status, 307);
  assert.equal(sent[0]!.redirect, "manual");
});

/** What is logged of an error that a request failed with. */
async function logged(
  error: unknown,
  init?: RequestInit,
): Promise<string | number | undefined> {
  const { fetch } = connectionBy(() => Promise.reject(error));
  const fault = await fetch("https://zitadel.example/a", init)
    .catch((fault) => fault);
  hasKind("unreachable", /^ZITADEL cannot be reached$/)(fault);
  return (fault as UpstreamFault).fields?.error;
}

Deno.test("createConnection() logs the texts of a network error and its causes", async () => {
  const cause = new Error(
    "error sending request for url (https://zitadel.example/a): client error (Connect): invalid peer certificate: UnknownIssuer",
  );
  assert.equal(
    await logged(new TypeError("fetch failed", { cause })),
    `fetch failed: ${cause.message}`,
  );
});

Deno.test("createConnection() logs no secret of a request that failed", async (t) => {
  await t.step("a bearer token", async () => {
    assert.equal(
      await logged(new TypeError("bad header: Bearer canary-1"), {
        headers: { authorization: "Bearer canary-1" },
      }),
      "bad header: Bearer [secret]",
    );
  });
  await t.step("a client secret", async () => {
    assert.equal(
      await logged(new TypeError("bad form: client_secret=canary-2"), {
        method: "POST",
        body: new URLSearchParams({ client_secret: "canary-2", empty: "" }),
      }),
      "bad form: client_secret=[secret]",
    );
  });
  await t.step("the user info of a proxy", async () => {
    assert.equal(
      await logged(new TypeError("proxy http://u:ca@nary@proxy:3128/ refused")),
      "proxy http://[secret]@proxy:3128/ refused",
    );
  });
  await t.step("no more than some of it", async () => {
    const text = String(await logged(new TypeError("x".repeat(10_000))));
    assert.ok(text.length <= 300);
  });
});
