import assert from "node:assert/strict";
import {
  describeFailure,
  type ErrorCode,
  type FailureReason,
  FunctionError,
} from "../../lib/errors.ts";

/** Returns a check of an error for `assert.rejects`: its code, and its reason, which has a remedy. */
export function fails(
  code: ErrorCode,
  reason?: FailureReason,
  { message = /^/, organization }: {
    readonly message?: RegExp;
    readonly organization?: string;
  } = {},
) {
  return (error: unknown): true => {
    assert.ok(error instanceof FunctionError, String(error));
    assert.equal(error.code, code, error.message);
    assert.equal(error.details.reason, reason, error.message);
    assert.match(error.message, message);
    if (organization) assert.equal(error.details.organization, organization);
    const { remedy } = describeFailure(error).entry;
    if (reason) assert.ok(remedy, `${reason} has no remedy`);
    return true;
  };
}
