import assert from "node:assert/strict";
import { startFunction } from "../../../harness/function/function_process.ts";
import { tempFolder } from "../../_temp_folder.ts";

const env = {
  ZITADEL_DOMAIN: "http://127.0.0.1:9",
  AUTHORIZATION_SIGNING_KEY: "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp",
  ACCESS_TOKEN: "token",
};

Deno.test("startFunction() starts the function with a database file and nothing of this environment, and stops it", async () => {
  await using folder = await tempFolder();
  const told: string[] = [];
  Deno.env.set("CACHE_FRESH_SECONDS", "nonsense");
  const running = await startFunction({
    env: { ...env, KV_URL: `${folder.path}/kv.sqlite` },
    onLine: (line) => told.push(line),
  }).finally(() => Deno.env.delete("CACHE_FRESH_SECONDS"));
  const response = await fetch(`${running.url}/healthz`);
  assert.deepEqual(await response.json(), { status: "ok" });
  assert.equal(await running.stop(), 0);
  assert.equal(await running.stop(), 0);
  assert.deepEqual(told, running.lines);
  assert.ok(!running.lines.some((line) => line.includes("Cannot open")));
});

Deno.test("startFunction() reports what the function reports when it cannot start", async () => {
  await assert.rejects(
    startFunction({ env: { ...env, ACCESS_TOKEN: "", PORT: "99999" } }),
    /^Error: Cannot start the function: it ended[^]*ACCESS_TOKEN is missing[^]*PORT is/,
  );
});

Deno.test("startFunction() starts the function at an IPv6 address", async (t) => {
  for (const HOST of ["::1", "[::1]", "::"]) {
    await t.step(HOST, async () => {
      await using running = await startFunction({
        env: { ...env, HOST, KV_URL: ":memory:" },
      });
      const { port } = new URL(running.url);
      const response = await fetch(`http://[::1]:${port}/healthz`);
      assert.deepEqual(await response.json(), { status: "ok" });
    });
  }
});
