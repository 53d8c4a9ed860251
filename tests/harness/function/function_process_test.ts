import assert from "node:assert/strict";
import { startFunction } from "../../../harness/function/function_process.ts";
import { leastPermissions } from "../../../harness/function/least_permissions.ts";

const env = {
  ZITADEL_DOMAIN: "http://127.0.0.1:9",
  AUTHORIZATION_SIGNING_KEY: "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp",
  ACCESS_TOKEN: "token",
};

Deno.test("startFunction() starts the function with a database file, and stops it", async () => {
  const folder = await Deno.makeTempDir();
  const told: string[] = [];
  const running = await startFunction({
    env: { ...env, KV_URL: `${folder}/kv.sqlite` },
    onLine: (line) => told.push(line),
  });
  const response = await fetch(`${running.url}/healthz`);
  assert.deepEqual(await response.json(), { status: "ok" });
  assert.equal(await running.stop(), 0);
  assert.equal(await running.stop(), 0);
  assert.deepEqual(told, running.lines);
  assert.ok(!running.lines.some((line) => line.includes("Cannot open")));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("startFunction() reports what the function reports when it cannot start", async () => {
  await assert.rejects(
    startFunction({
      env: { ...env, ACCESS_TOKEN: "", CACHE_FRESH_SECONDS: "x" },
    }),
    (error: Error) => {
      assert.match(error.message, /^Cannot start the function: it ended/);
      assert.match(error.message, /ACCESS_TOKEN is missing/);
      assert.match(error.message, /CACHE_FRESH_SECONDS is not a whole number/);
      return true;
    },
  );
});

Deno.test("startFunction() passes nothing of this environment to the function", async () => {
  Deno.env.set("CACHE_FRESH_SECONDS", "nonsense");
  try {
    const running = await startFunction({
      env: { ...env, KV_URL: ":memory:" },
    });
    assert.equal(await running.stop("SIGINT"), 0);
  } finally {
    Deno.env.delete("CACHE_FRESH_SECONDS");
  }
});

Deno.test("leastPermissions() leaves the message about a bad port to the function", async (t) => {
  for (const PORT of ["abc", "99999"]) {
    await t.step(PORT, async () => {
      const flags = leastPermissions({ ...env, PORT });
      assert.equal(flags[0], "--allow-net=127.0.0.1:9");
      await assert.rejects(startFunction({ env: { ...env, PORT } }), /PORT is/);
    });
  }
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
