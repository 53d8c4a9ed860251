import assert from "node:assert/strict";
import { freePort } from "../../../harness/util/free_port.ts";
import {
  refuseForeignHost,
  serveOnLocalhost,
} from "../../../harness/util/local_server.ts";

const HOSTS = ["127.0.0.1", "[::1]", "localhost"];

Deno.test("serveOnLocalhost() answers at every address of localhost", async () => {
  await using server = serveOnLocalhost(() => new Response("ours"));
  const { port } = new URL(server.origin);
  for (const host of HOSTS) {
    const response = await fetch(`http://${host}:${port}/`);
    assert.equal(await response.text(), "ours", host);
  }
});

Deno.test("serveOnLocalhost() does not share its name with another program", () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    using taken = Deno.listen({ hostname, port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    assert.throws(
      () => serveOnLocalhost(() => new Response(), port),
      Deno.errors.AddrInUse,
      hostname,
    );
    assert.notEqual(freePort(port), port);
  }
});

Deno.test("refuseForeignHost() refuses every name that is not this machine's, with a fixed text", async () => {
  const ask = (url: string, host?: string) =>
    refuseForeignHost(
      new Request(url, host === undefined ? {} : { headers: { host } }),
    );
  for (const host of HOSTS) {
    assert.equal(ask(`http://${host}:9000/`), undefined);
    assert.equal(ask(`http://${host}:9000/`, `${host}:9000`), undefined);
  }
  const texts = new Set<string>();
  const foreign = ["evil.example", "evil.example:9000", "", "a b"];
  const alike = ["localhost.evil.example", "127.0.0.1.nip.io", "localhost@a.b"];
  for (const host of [...foreign, ...alike]) {
    const refused = ask("http://localhost:9000/", host);
    assert.equal(refused?.status, 421, host);
    texts.add(await refused!.text());
  }
  assert.equal(ask("http://evil.example/")?.status, 421);
  assert.equal(texts.size, 1);
});
