import assert from "node:assert/strict";
import { UpstreamFault } from "../../../lib/zitadel/upstream_fault.ts";
import { testEach } from "../../_test_each.ts";
import { connectionBy } from "./_connection.ts";
import { hasKind } from "./_fault.ts";

const PUBLIC = "https://login.example";

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

testEach<[internalOrigin: string | undefined, host: string | null]>(
  "createConnection() uses the internal origin if there is one, and names the public host with its port to it",
  {
    [PUBLIC]: [undefined, null],
    "https://zitadel.example": ["http://zitadel:9090", "zitadel.example"],
    "http://localhost:8080": ["http://zitadel:9090", "localhost:8080"],
  },
  async ([internalOrigin, host], domainOrigin) => {
    const { connection, sent } = connect({
      domainOrigin,
      ...internalOrigin ? { internalOrigin } : {},
    });
    assert.equal(connection.issuer, domainOrigin);
    assert.equal(connection.baseUrl, internalOrigin ?? domainOrigin);
    await connection.fetch(`${connection.baseUrl}/a`, {
      headers: { authorization: "Bearer a" },
    });
    const { headers } = sent[0]!;
    assert.equal(headers.get("x-zitadel-instance-host"), host);
    assert.equal(headers.get("authorization"), "Bearer a");
  },
);

Deno.test("createConnection() returns a redirect and does not follow it", async () => {
  const { connection, sent } = connect(
    { domainOrigin: PUBLIC },
    () => new Response(null, { status: 307, headers: { location: "/b" } }),
  );
  const response = await connection.fetch(`${PUBLIC}/a`, {
    redirect: "follow",
  });
  assert.equal(response.status, 307);
  assert.equal(sent[0]!.redirect, "manual");
});

const TLS =
  "error sending request for url (https://zitadel.example/a): client error (Connect): invalid peer certificate: UnknownIssuer";

testEach<[error: Error, logged: string, init?: RequestInit]>(
  "createConnection() logs the texts of a network error and its causes, and no secret of the request",
  {
    "a cause": [
      new TypeError("fetch failed", { cause: new Error(TLS) }),
      `fetch failed: ${TLS}`,
    ],
    "a bearer token": [
      new TypeError("bad header: Bearer canary-1"),
      "bad header: Bearer [secret]",
      { headers: { authorization: "Bearer canary-1" } },
    ],
    "a client secret": [
      new TypeError("bad form: client_secret=canary-2"),
      "bad form: client_secret=[secret]",
      {
        method: "POST",
        body: new URLSearchParams({ client_secret: "canary-2", empty: "" }),
      },
    ],
    "the user info of a proxy": [
      new TypeError("proxy http://u:ca@n#ary@proxy:3128/ refused"),
      "proxy http://proxy:3128/ refused",
    ],
    "no more than some of it": [
      new TypeError("x".repeat(10_000)),
      "x".repeat(300),
    ],
  },
  async ([error, logged, init]) => {
    const { fetch } = connectionBy(() => Promise.reject(error));
    const fault = await fetch("https://zitadel.example/a", init)
      .catch((fault) => fault);
    hasKind("unreachable", /^ZITADEL cannot be reached$/)(fault);
    assert.equal((fault as UpstreamFault).fields?.error, logged);
  },
);
