import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import {
  canCount,
  chooseOrganization,
} from "../../../lib/mapping/organization.ts";

Deno.test("chooseOrganization() gives the organization that the setting says", () => {
  const chosen = (setting: string) => chooseOrganization(setting, "1")("3");
  assert.equal(chosen("user"), "1");
  assert.equal(chosen("grant"), "3");
  assert.equal(chosen("4"), "4");
});

Deno.test("chooseOrganization() throws when the user's organization counts and is not named", () => {
  for (const unnamed of [undefined, ""]) {
    assert.throws(
      () => chooseOrganization("user", unnamed),
      (error) =>
        error instanceof FunctionError && error.code === "invalid_payload",
    );
    assert.equal(chooseOrganization("grant", unnamed)("3"), "3");
    assert.equal(chooseOrganization("4", unnamed)("3"), "4");
  }
});

Deno.test("canCount() is false only for another organization than the fixed one", () => {
  assert.equal(canCount("user", "1"), true);
  assert.equal(canCount("grant", "1"), true);
  assert.equal(canCount("1", "1"), true);
  assert.equal(canCount("2", "1"), false);
});
