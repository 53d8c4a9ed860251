import assert from "node:assert/strict";
import { bench } from "../../tasks/bench.ts";
import { createTestIo } from "../harness/_test_io.ts";

Deno.test("bench refuses what it cannot measure before it starts anything", async () => {
  const { io, errors } = createTestIo();
  assert.equal(await bench.run(["--only", "memory,speed"], io), 64);
  assert.match(
    errors(),
    /--only memory,speed: expected some of throughput,cold-start/,
  );
});

Deno.test("bench names a measurement that fails, and exits with 2", async () => {
  const { io, printed } = createTestIo();
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(entry, 'throw new Error("cannot serve")');
  const args = ["--only", "first-login", "--quick", "--entry", entry];
  assert.equal(await bench.run(args, io), 2);
  assert.match(printed(), /first-login could not be measured: .*did not start/);
  await Deno.remove(entry);
});

Deno.test("bench measures starts and first logins", async () => {
  const { io, printed } = createTestIo();
  const args = ["--only", "cold-start,first-login", "--quick"];
  // 1 says that a target is missed, which other tests at the same time can cause.
  assert([0, 1].includes(await bench.run(args, io)), printed());
  assert.match(printed(), /calls to ZITADEL with a warm KV\s+0 .*reached/);
});
