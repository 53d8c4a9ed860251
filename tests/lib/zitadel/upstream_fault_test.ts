import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import {
  upstreamError,
  UpstreamFault,
} from "../../../lib/zitadel/upstream_fault.ts";
import { fails } from "../_fails.ts";

const failed = {
  action: "Cannot read",
  connection: { baseUrl: "https://zitadel.example" },
  credential: "ACCESS_TOKEN",
};

Deno.test("upstreamError() leaves an error that is not about ZITADEL as it is", () => {
  const programming = new RangeError("Invalid array length");
  assert.equal(upstreamError(programming, failed), programming);
  const known = new FunctionError("internal_error", "known");
  assert.equal(upstreamError(known, failed), known);
});

Deno.test("upstreamError() blames the deadline when it is over, whatever was thrown", () => {
  const signal = AbortSignal.abort();
  const error = upstreamError(new RangeError("canary"), { ...failed, signal });
  fails("upstream_timeout", "timeout", { message: /^(?!.*canary)/ })(error);
});

Deno.test("upstreamError() describes a fault, with values in fields, and names a refused credential's setting", () => {
  const fields = { upstream_status: 403 };
  const describe = (kind: "intercepted" | "credential_rejected") => {
    const fault = new UpstreamFault(kind, "the answer is 403", { fields });
    const error = upstreamError(fault, failed);
    const message = /^Cannot read: the answer is 403$/;
    fails("upstream_failed", kind, { message })(error);
    return (error as FunctionError).details.fields;
  };
  const zitadel = "https://zitadel.example";
  assert.deepEqual(describe("intercepted"), { zitadel, ...fields });
  const { credential } = describe("credential_rejected")!;
  assert.equal(credential, "ACCESS_TOKEN");
});
