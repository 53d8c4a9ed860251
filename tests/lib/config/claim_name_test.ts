import assert from "node:assert/strict";
import { isSameName, whyReserved } from "../../../lib/config/claim_name.ts";

Deno.test("isSameName() ignores case and compatibility forms", () => {
  const same = [
    "Permissions",
    "PERMISSIONS",
    "permi\u017f\u017fions", // long s, which Go folds
    "\uff50ermissions", // full width
    "perm\u0130ssions", // capital dotted i, which Java and Go lower to i
    "perm\u0131ssions".toUpperCase(), // dotless i
  ];
  for (const name of same) {
    assert.ok(isSameName("permissions", name), name);
    assert.ok(isSameName(name, "permissions"), name);
  }
  assert.ok(isSameName("\u212aey", "key"), "the Kelvin sign");
});

Deno.test("isSameName() tells other names apart", () => {
  for (
    const name of ["permission", "permissions ", "roles", "permissions\u0301"]
  ) {
    assert.ok(!isSameName("permissions", name), name);
  }
});

Deno.test("whyReserved() gives a reason when ZITADEL drops, sets or cannot read the claim, in any case and form of letters", () => {
  assert.match(
    whyReserved("urn:zitadel:iam")!,
    /^begins with urn:zitadel:iam:/,
  );
  for (const claim of ["sub", "scope", "ACT", "ſub", "UserName", "azp"]) {
    assert.match(whyReserved(claim)!, /^is a claim that ZITADEL sets/);
  }
  assert.equal(whyReserved("permissions"), undefined);
});
