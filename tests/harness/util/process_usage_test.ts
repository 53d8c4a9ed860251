import assert from "node:assert/strict";
import { readProcessUsage } from "../../../harness/util/process_usage.ts";

Deno.test("readProcessUsage() reads memory, processor time and sockets", async () => {
  // Its name is a trap for what reads /proc by spaces and brackets.
  const folder = await Deno.makeTempDir();
  const program = `${folder}/a) R 1 (b`;
  await Deno.copyFile("/bin/sleep", program);
  await Deno.chmod(program, 0o755);
  const child = new Deno.Command(program, { args: ["60"] }).spawn();
  try {
    const { memoryMb, cpuMicroseconds, sockets } = await readProcessUsage(
      child.pid,
    );
    assert.ok(memoryMb > 0.1 && memoryMb < 100, `${memoryMb} MB`);
    if (Deno.build.os === "linux") {
      assert.ok(cpuMicroseconds >= 0 && cpuMicroseconds < 1e6);
      assert.equal(sockets, 0);
    }
  } finally {
    child.kill();
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
  const own = await readProcessUsage(Deno.pid);
  assert.ok(own.cpuMicroseconds > 0 || Deno.build.os !== "linux");
});
