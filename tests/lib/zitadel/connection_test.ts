import assert from "node:assert/strict";
import { createConnection } from "../../../lib/zitadel/connection.ts";

/** A connection, and the requests that it sent. */
function connect(
  origins: { domainOrigin: string; internalOrigin?: string },
  response = () => new Response("ok"),
) {
  const sent: Request[] = [];
  const connection = createConnection({
    ...origins,
    fetch: (input, init) => {
      sent.push(new Request(input, init));
      return Promise.resolve(response());
    },
    now: () => 0,
    timeoutMs: 1_000,
  });
  return { connection, sent };
}

Deno.test("createConnection() uses the public origin if there is no other", async () => {
  const { connection, sent } = connect({
    domainOrigin: "https://login.example",
  });
  assert.equal(connection.issuer, "https://login.example");
  assert.equal(connection.baseUrl, "https://login.example");
  assert.equal(connection.instanceHost, undefined);
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
