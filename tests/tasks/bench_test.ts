import assert from "node:assert/strict";
import { tempFolder } from "../_temp_folder.ts";
import { run } from "./_run.ts";

Deno.test("bench refuses what it cannot measure before it starts anything", async () => {
  const { code, stderr } = await run("bench", ["--only", "memory,speed"]);
  assert.equal(code, 64);
  assert.match(
    stderr,
    /--only memory,speed: expected some of throughput,cold-start/,
  );
});

Deno.test("bench names a measurement that fails, and exits with 2", async () => {
  await using folder = await tempFolder();
  const entry = await folder.write('throw new Error("cannot serve")', "a.ts");
  const args = ["--only", "first-login", "--quick", "--entry", entry];
  const { code, stdout } = await run("bench", args);
  assert.equal(code, 2);
  assert.match(stdout, /first-login could not be measured: .*did not start/);
});

Deno.test("bench measures starts and first logins", async () => {
  const args = ["--only", "cold-start,first-login", "--quick"];
  const { code, stdout } = await run("bench", args);
  // 1 says that a target is missed, which other tests at the same time can cause.
  assert([0, 1].includes(code), stdout);
  assert.match(stdout, /calls to ZITADEL with a warm KV\s+0 .*reached/);
});
