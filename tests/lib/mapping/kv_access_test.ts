import assert from "node:assert/strict";
import { openKv } from "../../../lib/mapping/kv_access.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";

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

Deno.test("openKv() goes on without a database that does not open, and says why without a secret", async (t) => {
  const cases: Record<string, string> = {
    "Connection refused (os error 111)": "Connection refused (os error 111)",
    "error for http://me:canary@kv.example:4512/a?key=canary#canary: refused":
      "error for http://kv.example:4512/a refused",
    "https://canary@kv.example is not a database, nor http://b@c:canary@d":
      "https://kv.example is not a database, nor http://d",
    ["x".repeat(1_000)]: "x".repeat(300),
  };
  for (const [message, cause] of Object.entries(cases)) {
    await t.step(cause.slice(0, 80), async () => {
      const { kv, log } = await open(
        () => Promise.reject(new TypeError(message)),
        "http://me:canary@kv.example",
      );
      assert.equal(kv, undefined);
      assert.deepEqual(log.map((it) => it.message), [
        "Cannot open Deno KV; working from memory",
      ]);
      assert.equal(log[0]?.error, "TypeError");
      assert.equal(log[0]?.cause, cause);
    });
  }
});

Deno.test("openKv() refuses a path that does not open, and names the setting and the error", async (t) => {
  const fails = () => Promise.reject(new Error("unable to open: /no/kv"));
  for (const path of ["/no/kv", "kv.sqlite", "C:\\kv", ":memory:"]) {
    await t.step(path, async () => {
      await assert.rejects(open(fails, path), {
        name: "TypeError",
        message:
          "Cannot start: KV_URL is a path that cannot be opened: unable to open: /no/kv",
      });
    });
  }
  await t.step("but no address, nor the default database", async () => {
    for (const url of ["HTTPS://kv.example", undefined]) {
      const { kv, log } = await open(fails, url);
      assert.equal(kv, undefined);
      assert.equal(log[0]?.reason, "kv_failed");
    }
  });
});
