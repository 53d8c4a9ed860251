import assert from "node:assert/strict";
import { openKv } from "../../../lib/mapping/kv_access.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";
import { testEach } from "../../_test_each.ts";

/** Opens, and gives what was logged. */
async function open(how: typeof Deno.openKv | undefined, url?: string) {
  const log: LogEntry[] = [];
  const kv = await openKv(how, { url, log: (entry) => void log.push(entry) });
  return { kv, log };
}

Deno.test("openKv() opens the database at its address", async () => {
  const { kv, log } = await open(Deno.openKv, ":memory:");
  kv!.close();
  assert.deepEqual(log, []);
});

Deno.test("openKv() goes on without a database, and says how to have one, in a runtime without Deno.openKv", async () => {
  const { kv, log } = await open(undefined);
  assert.equal(kv, undefined);
  assert.equal(log[0]?.reason, "kv_failed");
  assert.match(String(log[0]?.remedy), /--unstable-kv/);
});

testEach<[message: string, cause: string]>(
  "openKv() goes on without a database that does not open, and says why without a secret",
  {
    "a cause": ["Connection refused", "Connection refused"],
    "an address": [
      "error for http://me:canary@kv.example:4512/a?key=canary#canary: refused",
      "error for http://kv.example:4512/a refused",
    ],
    "two addresses": [
      "https://canary@kv.example is not a database, nor http://b@c:canary@d",
      "https://kv.example is not a database, nor http://d",
    ],
    "a long text": ["x".repeat(1_000), "x".repeat(300)],
  },
  async ([message, cause]) => {
    const fails = () => Promise.reject(new TypeError(message));
    const { kv, log } = await open(fails, "http://me:canary@kv.example");
    assert.equal(kv, undefined);
    const said = log.map((it) => `${it.message}: ${it.error} ${it.cause}`);
    const expected = "Cannot open Deno KV; working from memory: TypeError";
    assert.deepEqual(said, [`${expected} ${cause}`]);
  },
);

Deno.test("openKv() refuses a path that does not open, but no address, nor the default database", async () => {
  const fails = () => Promise.reject(new Error("unable to open: /no/kv"));
  const name = "TypeError";
  const message =
    "Cannot start: KV_URL is a path that cannot be opened: unable to open: /no/kv";
  for (const path of ["/no/kv", "kv.sqlite", "C:\\kv", ":memory:"]) {
    await assert.rejects(open(fails, path), { name, message });
  }
  for (const url of ["HTTPS://kv.example", undefined]) {
    const { kv, log } = await open(fails, url);
    assert.equal(kv, undefined);
    assert.equal(log[0]?.reason, "kv_failed");
  }
});
