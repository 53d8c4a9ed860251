import assert from "node:assert/strict";
import { namesClaim } from "../../../harness/doctor/judge_administrators.ts";

Deno.test("namesClaim() finds a claim as lenient servers read it", () => {
  for (
    const name of [
      '"permissions"',
      '"Permissions"',
      "'PERMISSIONS'",
      '"permi\\u017f\\u017fions"',
      '"permi\\u{17F}\\u{17f}ions"',
      '"permi\u017f\u017fions"',
      '"\uff50ermissions"',
      '"\\x50ermissions"',
      '"\\permissions"',
      '"permis\\\nsions"',
      "({ Permissions: 1 })",
    ]
  ) {
    const script = `api.v1.claims.setClaim(${name}, ["a"])`;
    assert.ok(namesClaim(script, "permissions"), name);
  }
  for (const name of ['"team"', '"myPermissions"', '"\\u{ffffffff}"']) {
    const script = `api.v1.claims.setClaim(${name}, ["a"])`;
    assert.ok(!namesClaim(script, "permissions"), name);
  }
  assert.ok(namesClaim('setClaim("URN:x:Roles")', "urn:x:roles"));
});
