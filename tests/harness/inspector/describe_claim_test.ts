import assert from "node:assert/strict";
import { describeClaim } from "../../../harness/inspector/page/describe_claim.js";

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
