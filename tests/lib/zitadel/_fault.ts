import assert from "node:assert/strict";
import {
  type FaultKind,
  UpstreamFault,
} from "../../../lib/zitadel/upstream_fault.ts";

/** Returns a check of a rejection for `assert.rejects`. */
export function hasKind(kind: FaultKind, seen?: RegExp) {
  return (error: unknown): true => {
    assert.ok(error instanceof UpstreamFault, String(error));
    assert.equal(error.kind, kind, error.message);
    if (seen) assert.match(error.message, seen);
    return true;
  };
}
