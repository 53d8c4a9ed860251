import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import {
  upstreamError,
  UpstreamFault,
} from "../../../lib/zitadel/upstream_fault.ts";

const failed = {
  action: "Cannot read",
  connection: { baseUrl: "https://zitadel.example" },
};

Deno.test("upstreamError() leaves an error that is not about ZITADEL as it is", () => {
  const programming = new RangeError("Invalid array length");
  assert.equal(upstreamError(programming, failed), programming);
  const known = new FunctionError("internal_error", "known");
  assert.equal(upstreamError(known, failed), known);
});

Deno.test("upstreamError() blames the deadline when it is over, whatever was thrown", () => {
  const error = upstreamError(new RangeError("canary"), {
    ...failed,
    signal: AbortSignal.abort(),
  });
  assert.ok(error instanceof FunctionError);
  assert.equal(error.code, "upstream_timeout");
  assert.doesNotMatch(error.message, /canary/);
});

Deno.test("upstreamError() describes a fault, with values in fields", () => {
  const fault = new UpstreamFault("intercepted", "the answer is 403", {
    fields: { upstream_status: 403 },
  });
  const error = upstreamError(fault, { ...failed, credential: "ACCESS_TOKEN" });
  assert.ok(error instanceof FunctionError);
  assert.equal(error.code, "upstream_failed");
  assert.equal(error.message, "Cannot read: the answer is 403");
  assert.equal(error.details.reason, "intercepted");
  assert.deepEqual(error.details.fields, {
    zitadel: "https://zitadel.example",
    upstream_status: 403,
  });
});

Deno.test("upstreamError() names the setting of a refused credential", () => {
  const fault = new UpstreamFault("credential_rejected", "refused");
  const error = upstreamError(fault, { ...failed, credential: "ACCESS_TOKEN" });
  assert.ok(error instanceof FunctionError);
  assert.equal(error.details.fields?.credential, "ACCESS_TOKEN");
});
