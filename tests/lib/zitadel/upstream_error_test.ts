import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { createConnection } from "../../../lib/zitadel/connection.ts";
import {
  upstreamError,
  UpstreamFault,
} from "../../../lib/zitadel/upstream_error.ts";

const failed = {
  action: "Cannot read",
  connection: createConnection({
    domainOrigin: "https://example.zitadel.cloud",
    fetch,
    now: Date.now,
    timeoutMs: 1_000,
  }),
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

Deno.test("UpstreamFault has a name of its own", () => {
  assert.equal(String(new UpstreamFault("timeout", "a")), "UpstreamFault: a");
});

Deno.test("upstreamError() turns a fault into what the caller is told", () => {
  const error = upstreamError(
    new UpstreamFault("unreachable", "refused the connection"),
    failed,
  );
  assert.ok(error instanceof FunctionError);
  assert.equal(error.code, "upstream_failed");
  assert.equal(error.details.reason, "unreachable");
});
