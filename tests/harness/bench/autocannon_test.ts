import assert from "node:assert/strict";
import { parseAutocannon } from "../../../harness/bench/autocannon.ts";

const RESULT = {
  url: "http://127.0.0.1:8000/",
  duration: 2.02,
  errors: 2,
  timeouts: 1,
  non2xx: 3,
  "2xx": 31_000,
  requests: { average: 15_345, total: 31_003, sent: 31_035 },
  latency: { average: 1.2, p50: 1, p97_5: 4, p99: 9 },
};

Deno.test("parseAutocannon() reads the result, and counts refusals as errors", () => {
  assert.deepEqual(parseAutocannon(JSON.stringify(RESULT)), {
    requests: 31_003,
    seconds: 2.02,
    p50Ms: 1,
    p99Ms: 9,
    errors: 5,
  });
});

Deno.test("parseAutocannon() throws with the output if it is no result", () => {
  assert.throws(() => parseAutocannon("no such module"), /no such module$/);
  assert.throws(() => parseAutocannon('{"duration":1}'), /"duration":1/);
});
