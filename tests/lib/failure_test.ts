import assert from "node:assert/strict";
import { FunctionError, STATUS } from "../../lib/errors.ts";
import { describeFailure } from "../../lib/failure.ts";

Deno.test("describeFailure() tells the caller the code and the operator the rest when the function raised the error", () => {
  const { code, status, entry } = describeFailure(
    new FunctionError("upstream_failed", "Cannot ask", {
      reason: "unreachable",
      remedy: "Mend it",
      organization: "1",
      cause: new TypeError("canary"),
    }),
  );
  assert.equal(code, "upstream_failed");
  assert.equal(status, 502);
  assert.deepEqual(entry, {
    level: "error",
    message: "Cannot ask",
    status: 502,
    reason: "unreachable",
    remedy: "Mend it",
    cause: "TypeError",
    organization: "1",
  });
});

Deno.test("describeFailure() gives a level by who must act", () => {
  const levels = Object.fromEntries(
    Object.keys(STATUS).map((code) => [
      code,
      describeFailure(new FunctionError(code as keyof typeof STATUS, "x"))
        .entry.level,
    ]),
  );
  assert.deepEqual(levels, {
    invalid_signature: "warn",
    invalid_payload: "warn",
    not_found: "info",
    method_not_allowed: "info",
    payload_too_large: "warn",
    internal_error: "error",
    upstream_failed: "error",
    upstream_timeout: "error",
  });
});

Deno.test("describeFailure() tells of a bug its class and place, and not its message", () => {
  const bug = new RangeError("canary\n    at canary (canary.ts:1:1)");
  const { code, entry } = describeFailure(bug);
  assert.equal(code, "internal_error");
  assert.equal(entry.cause, "RangeError");
  assert.match(String(entry.stack), /failure_test\.ts/);
  assert.doesNotMatch(JSON.stringify(entry), /canary/);
  assert.equal(describeFailure("canary").entry.cause, "string");
  assert.doesNotMatch(JSON.stringify(describeFailure("canary")), /canary/);
});
