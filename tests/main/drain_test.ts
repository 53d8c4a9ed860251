import assert from "node:assert/strict";
import { startFunction } from "../../harness/function/function_process.ts";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import { ENV, KEY, loginOf, serve, signed } from "./_loopback.ts";

/** What a platform gives a process between its signal and SIGKILL, in milliseconds. */
const GRACE_MS = 5_000;

/** Each call is of an organization of its own, so that each asks upstream. */
const ORGANIZATIONS = ["1", "2", "3", "4", "5"];

/** Opens connections that begin a request and never end it. */
async function halfOpen(url: string): Promise<Deno.Conn[]> {
  const { hostname, port } = new URL(url);
  const { headers } = await signed(url, KEY, loginOf("1"));
  const beginning = `POST / HTTP/1.1\r\nhost: a\r\nzitadel-signature: ${
    headers.get("zitadel-signature")
  }\r\n`;
  const beginnings = [
    "",
    "POST / HT",
    "POST / HTTP/1.1\r\nhost: a\r\n",
    `${beginning}content-length: 1000\r\n\r\n{`,
    `${beginning}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`,
  ];
  return await Promise.all(beginnings.map(async (text) => {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(new TextEncoder().encode(text));
    return connection;
  }));
}

async function drain(signal: Deno.Signal): Promise<void> {
  const metadata = { viewer: btoa('["posts:read"]') };
  const zitadel = createUpstream({
    organizations: Object.fromEntries(
      ORGANIZATIONS.map((id) => [id, { readable: true, metadata }]),
    ),
  });
  const held = Promise.withResolvers<void>();
  const accepted = Promise.withResolvers<void>();
  let asked = 0;
  await using upstream = serve(async (request) => {
    if (++asked === ORGANIZATIONS.length) accepted.resolve();
    await held.promise;
    return await zitadel.fetch(request);
  });
  await using running = await startFunction({
    env: { ...ENV, ZITADEL_DOMAIN: upstream.origin },
  });
  const connections = await halfOpen(running.url);
  try {
    const answers = ORGANIZATIONS.map(async (organization) => {
      const call = await signed(running.url, KEY, loginOf(organization));
      const response = await fetch(call);
      return { status: response.status, text: await response.text() };
    });
    await accepted.promise;
    const begin = performance.now();
    const stopped = running.stop(signal);
    void running.stop(signal);
    held.resolve();
    for (const { status, text } of await Promise.all(answers)) {
      assert.equal(status, 200);
      assert.match(text, /posts:read/);
    }
    assert.equal(await stopped, 0, running.lines.join("\n"));
    const ms = performance.now() - begin;
    assert.ok(ms < GRACE_MS, `took ${Math.round(ms)} ms`);
    await assert.rejects(fetch(running.url));
  } finally {
    for (const connection of connections) connection.close();
  }
}

// Together, since the half-open clients are waited for.
Deno.test("main.ts drains on SIGTERM and SIGINT: what was accepted is answered, and half-open clients hold nothing", async () => {
  await Promise.all([drain("SIGTERM"), drain("SIGINT")]);
});
