import assert from "node:assert/strict";
import { type ErrorCode, FunctionError, STATUS } from "../../lib/errors.ts";

Deno.test("STATUS gives each code the status that callers rely on", () => {
  assert.deepEqual(STATUS, {
    invalid_signature: 401,
    invalid_payload: 400,
    not_found: 404,
    method_not_allowed: 405,
    payload_too_large: 413,
    internal_error: 500,
    upstream_failed: 502,
    upstream_timeout: 504,
  });
});

Deno.test("FunctionError() holds what caller and operator are told", () => {
  const cause = new Error("cause");
  const error = new FunctionError("upstream_failed", "What happened", {
    cause,
    reason: "unreachable",
    remedy: "Do this",
    organization: "1",
  });
  assert.equal(error.name, "FunctionError");
  assert.equal(error.code satisfies ErrorCode, "upstream_failed");
  assert.equal(error.message, "What happened");
  assert.equal(error.cause, cause);
  assert.equal(error.details.reason, "unreachable");
  assert.equal(error.details.remedy, "Do this");
  assert.equal(error.details.organization, "1");
});

Deno.test("FunctionError() has empty details when none are given", () => {
  const error = new FunctionError("not_found", "No such path");
  assert.deepEqual(error.details, {});
  assert.equal(error.cause, undefined);
});
