import assert from "node:assert/strict";
import { isSameName } from "../../../lib/config/claim_name.ts";

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
