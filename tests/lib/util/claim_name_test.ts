import assert from "node:assert/strict";
import { isSameName } from "../../../lib/util/claim_name.ts";

Deno.test("isSameName() ignores case and compatibility forms", () => {
  const same = [
    "Permissions",
    "PERMISSIONS",
    "permi\u017f\u017fions", // long s, which Go folds
    "\uff50ermissions", // full width
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
