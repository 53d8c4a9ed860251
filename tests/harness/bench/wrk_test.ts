import assert from "node:assert/strict";
import { parseWrk } from "../../../harness/bench/wrk.ts";

Deno.test("parseWrk() reads the script's line among wrk's own, or throws with the output", () => {
  const load = {
    requests: 30_120,
    seconds: 1.009583,
    p50Us: 1_068,
    p99Us: 29_257,
    errors: 3,
  };
  const output = `Running 1s test @ http://127.0.0.1:8000/
  30120 requests in 1.01s, 5.69MB read
result ${JSON.stringify(load)}
`;
  assert.deepEqual(parseWrk(output), load);
  assert.throws(() => parseWrk("Connection refused\n"), /Connection refused$/);
});
