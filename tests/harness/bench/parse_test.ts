import assert from "node:assert/strict";
import { parseProcessUsage } from "../../../harness/bench/process_usage.ts";
import { parseWrk } from "../../../harness/bench/wrk.ts";

Deno.test("parseWrk() reads the script's line among wrk's own, or throws with the output", () => {
  const output = `Running 1s test @ http://127.0.0.1:8000/
  30120 requests in 1.01s, 5.69MB read
result 30120 1009583 1068 29257 3
`;
  assert.deepEqual(parseWrk(output), {
    requests: 30_120,
    seconds: 1.009583,
    p50Us: 1_068,
    p99Us: 29_257,
    errors: 3,
  });
  assert.throws(() => parseWrk("Connection refused\n"), /Connection refused$/);
  assert.throws(() => parseWrk("result 1 2 3\n"), /Cannot read/);
});

Deno.test("parseProcessUsage() reads memory and both kinds of processor time, or throws", () => {
  const status = "Name:\tdeno\nVmPeak:\t  999 kB\nVmRSS:\t   49152 kB\n";
  const stat =
    "4711 (a (b) c) S 1 4711 4711 0 -1 4194560 9000 0 3 0 250 50 0 0 20 0 11 0";
  assert.deepEqual(parseProcessUsage(status + stat), {
    memoryMb: 48,
    cpuMicroseconds: 3_000_000,
  });
  assert.throws(() => parseProcessUsage(`Name:\tdeno\n${stat}`), TypeError);
  assert.throws(() => parseProcessUsage(`${status}4711 (deno) S`), TypeError);
});
