import assert from "node:assert/strict";
import {
  describeFailure,
  describeStartFailure,
  type ErrorCode,
  FunctionError,
  STATUS,
} from "../../lib/errors.ts";

Deno.test("describeFailure() tells the caller the code and the operator the rest when the function raised the error", () => {
  const error = new FunctionError("upstream_failed", "Cannot ask", {
    reason: "unreachable",
    remedy: "Fix it",
    organization: "1",
    cause: new TypeError("canary"),
  });
  assert.equal(error.name, "FunctionError");
  assert.equal(error.cause, error.details.cause);
  assert.deepEqual(describeFailure(error), {
    code: "upstream_failed",
    status: 502,
    entry: {
      level: "error",
      message: "Cannot ask",
      status: 502,
      reason: "unreachable",
      remedy: "Fix it",
      cause: "TypeError",
      organization: "1",
    },
  });
});

Deno.test("describeFailure() chooses the level by who must act", () => {
  const levels = Object.keys(STATUS).map((code) => {
    const error = new FunctionError(code as ErrorCode, "x");
    return [code, describeFailure(error).entry.level];
  });
  assert.deepEqual(Object.fromEntries(levels), {
    invalid_signature: "warn",
    invalid_payload: "warn",
    not_found: "info",
    method_not_allowed: "info",
    payload_too_large: "warn",
    internal_error: "error",
    upstream_failed: "error",
    overloaded: "warn",
    upstream_timeout: "error",
  });
});

Deno.test("describeFailure() reports the class and the place of a bug but not its message", () => {
  const bug = new RangeError("canary\n    at canary (canary.ts:1:1)");
  for (const error of [bug, new RangeError()]) {
    const { code, entry } = describeFailure(error);
    assert.deepEqual([code, entry.cause], ["internal_error", "RangeError"]);
    assert.match(String(entry.stack), /errors_test\.ts/);
    assert.doesNotMatch(JSON.stringify(entry), /canary/);
  }
  const { entry } = describeFailure("canary");
  assert.equal(entry.cause, "string");
  assert.doesNotMatch(JSON.stringify(entry), /canary/);
});

const lookupFailed = "failed to lookup address information: Name not known";
const notListed = 'Requires net access to "[fe80::1]:80"';

Deno.test("describeStartFailure() names the setting that listening failed for", () => {
  const cases: [Error, RegExp][] = [
    [new TypeError("Cannot start: 1 setting"), /^Cannot start: 1 setting$/],
    [new Deno.errors.AddrInUse("x"), /PORT is in use/],
    [new Deno.errors.PermissionDenied("x"), /PORT; ports below 1024/],
    [new Deno.errors.NotCapable(notListed), /not what --allow-net lists/],
    [new Deno.errors.AddrNotAvailable("x"), /HOST is not an address/],
    [new Error(lookupFailed), /HOST is not an address/],
  ];
  for (const [error, message] of cases) {
    assert.match(String(describeStartFailure(error)), message);
  }
  const other = new Error("other");
  assert.equal(describeStartFailure(other), other);
});
