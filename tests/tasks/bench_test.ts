import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const TASK = new URL("../../tasks/bench.ts", import.meta.url);

async function bench(...args: string[]) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", fileURLToPath(TASK), ...args],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("bench refuses what it cannot measure before it starts anything", async () => {
  const unknown = await bench("--only", "crowd,speed");
  assert.equal(unknown.code, 64);
  assert.match(
    unknown.stderr,
    /--only crowd,speed: expected some of throughput/,
  );
  const none = await bench("--memory-requests", "0");
  assert.equal(none.code, 64);
  assert.match(none.stderr, /--memory-requests 0: expected a whole number/);
});
