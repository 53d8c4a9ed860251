import assert from "node:assert/strict";
import { parseWrk } from "../../../harness/bench/wrk.ts";

Deno.test("parseWrk() reads the script's line among wrk's own", () => {
  const output = `Running 1s test @ http://127.0.0.1:8000/
  1 threads and 32 connections
  30120 requests in 1.01s, 5.69MB read
Requests/sec:  29834.11
Transfer/sec:      5.63MB
result 30120 1009583 1068 29257 3
`;
  assert.deepEqual(parseWrk(output), {
    requests: 30_120,
    seconds: 1.009583,
    p50Ms: 1.068,
    p99Ms: 29.257,
    errors: 3,
  });
});

Deno.test("parseWrk() throws with wrk's output if there is no result", () => {
  assert.throws(
    () => parseWrk("unable to connect to 127.0.0.1:8000 Connection refused\n"),
    /Connection refused$/,
  );
  assert.throws(() => parseWrk("result 1 2 3\n"), /Cannot read/);
});
