import assert from "node:assert/strict";
import {
  describeClaim,
  formatTimeLeft,
} from "../../../harness/inspector/page/describe_claim.js";

Deno.test("describeClaim() describes a claim", () => {
  assert.equal(
    describeClaim("permissions", [], "permissions"),
    "added by the function",
  );
  assert.equal(
    describeClaim("urn:zitadel:iam:org:project:1:roles", {}, "permissions"),
    "ZITADEL's own roles claim",
  );
  assert.match(
    describeClaim("exp", 1, "permissions"),
    /^valid until .*19(70|69)/,
  );
  assert.equal(describeClaim("exp", "soon", "permissions"), "valid until");
  assert.equal(describeClaim("toString", 1, "permissions"), "");
});

Deno.test("formatTimeLeft() counts down", () => {
  assert.equal(formatTimeLeft(43_199_000), "expires in 11 h 59 min");
  assert.equal(formatTimeLeft(3_600_000), "expires in 1 h 0 min");
  assert.equal(formatTimeLeft(61_000), "expires in 1 min 1 s");
  assert.equal(formatTimeLeft(400), "expires in 1 s");
  assert.equal(formatTimeLeft(0), "expired");
  assert.equal(formatTimeLeft(-1), "expired");
});
