import assert from "node:assert/strict";
import { parseProcessUsage } from "../../../harness/bench/process_usage.ts";

const STATUS = "Name:\tdeno\nVmPeak:\t  999 kB\nVmRSS:\t   49152 kB\n";
const STAT =
  "4711 (a (b) c) S 1 4711 4711 0 -1 4194560 9000 0 3 0 250 50 0 0 20 0 11 0";

Deno.test("parseProcessUsage() reads memory and both kinds of processor time", () => {
  assert.deepEqual(parseProcessUsage(STATUS, STAT), {
    residentBytes: 49_152 * 1024,
    cpuMicroseconds: 3_000_000,
  });
});

Deno.test("parseProcessUsage() throws if the files have another format", () => {
  assert.throws(() => parseProcessUsage("Name:\tdeno\n", STAT), TypeError);
  assert.throws(() => parseProcessUsage(STATUS, "4711 (deno) S"), TypeError);
});
