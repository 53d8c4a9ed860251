import assert from "node:assert/strict";
import {
  type FunctionProcess,
  startFunction,
} from "../../harness/function/function_process.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";

const KEY = "key-of-the-drained-target";

/** What a platform gives a process between its signal and SIGKILL, in milliseconds. */
const GRACE_MS = 5_000;

/** Each call is of an organization of its own, so that each asks upstream. */
const ORGANIZATIONS = ["1", "2", "3", "4", "5"];

async function signed(organization = "1"): Promise<RequestInit> {
  const body = JSON.stringify({
    function: "function/preaccesstoken",
    org: { id: organization },
    user_grants: [{
      project_id: "2",
      resource_owner: organization,
      state: 1,
      roles: ["viewer"],
    }],
  });
  const now = Math.floor(Date.now() / 1000);
  const signature = await signPayload(KEY, now, body);
  return { method: "POST", body, headers: { "zitadel-signature": signature } };
}

/** Opens connections that begin a request and never end it. */
async function halfOpen(origin: string): Promise<Deno.Conn[]> {
  const { hostname, port } = new URL(origin);
  const { headers } = await signed();
  const { "zitadel-signature": signature } = headers as Record<string, string>;
  const beginnings = [
    "",
    "POST / HT",
    "POST / HTTP/1.1\r\nhost: a\r\n",
    `POST / HTTP/1.1\r\nhost: a\r\nzitadel-signature: ${signature}\r\ncontent-length: 1000\r\n\r\n{`,
    `POST / HTTP/1.1\r\nhost: a\r\nzitadel-signature: ${signature}\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n`,
  ];
  return await Promise.all(beginnings.map(async (text) => {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(new TextEncoder().encode(text));
    return connection;
  }));
}

async function drain(signal: "SIGTERM" | "SIGINT"): Promise<void> {
  const upstream = createUpstream({
    organizations: Object.fromEntries(
      ORGANIZATIONS.map((id) => [id, {
        readable: true,
        metadata: { viewer: btoa('["posts:read"]') },
      }]),
    ),
  });
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => letGo = resolve);
  let asked = 0;
  const { promise: allAccepted, resolve: accept } = Promise.withResolvers<
    void
  >();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const copy = new Request(request.url, {
        method: request.method,
        headers: request.headers,
        body: await request.bytes(),
      });
      if (++asked === ORGANIZATIONS.length) accept();
      await gate;
      return upstream.fetch(copy);
    },
  );
  await using process: FunctionProcess = await startFunction({
    env: {
      ZITADEL_DOMAIN: `http://127.0.0.1:${server.addr.port}`,
      AUTHORIZATION_SIGNING_KEY: KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      KV_URL: ":memory:",
    },
  });
  const connections = await halfOpen(process.url);
  try {
    const accepted = ORGANIZATIONS.map(async (organization) => {
      const response = await fetch(process.url, await signed(organization));
      return { status: response.status, text: await response.text() };
    });
    await allAccepted;

    const begin = performance.now();
    const stopped = process.stop(signal);
    void process.stop(signal);
    letGo();
    for (const { status, text } of await Promise.all(accepted)) {
      assert.equal(status, 200);
      assert.match(text, /posts:read/);
    }
    const code = await stopped;
    const ms = performance.now() - begin;
    assert.equal(code, 0, process.lines.join("\n"));
    assert.ok(ms < GRACE_MS, `took ${Math.round(ms)} ms`);
    await assert.rejects(fetch(process.url, await signed()));
  } finally {
    for (const connection of connections) connection.close();
  }
}

Deno.test("main.ts drains on SIGTERM and SIGINT: what was accepted is answered, and half-open clients hold nothing", async () => {
  await Promise.all([drain("SIGTERM"), drain("SIGINT")]);
});
