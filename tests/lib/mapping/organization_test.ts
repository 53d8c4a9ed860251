import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { chooseOrganization } from "../../../lib/mapping/organization.ts";
import type { FunctionCall } from "../../../lib/request/payload.ts";

const call: FunctionCall = {
  function: "function/preaccesstoken",
  org: { id: "1" },
  user: { resource_owner: "2" },
};

Deno.test("chooseOrganization() gives the organization that the setting says", () => {
  const chosen = (setting: string) => chooseOrganization(setting, call)("3");
  assert.equal(chosen("user"), "1");
  assert.equal(chosen("grant"), "3");
  assert.equal(chosen("4"), "4");
});

Deno.test("chooseOrganization() takes the user's resource owner when the call has no organization", () => {
  for (const org of [undefined, null]) {
    assert.equal(chooseOrganization("user", { ...call, org })("3"), "2");
  }
});

Deno.test("chooseOrganization() throws when the call does not name the user's organization", () => {
  for (
    const unnamed of [
      { function: call.function },
      { function: call.function, user: {} },
      { function: call.function, org: { id: "" }, user: null },
    ]
  ) {
    assert.throws(
      () => chooseOrganization("user", unnamed),
      (error) =>
        error instanceof FunctionError && error.code === "invalid_payload",
    );
    assert.equal(chooseOrganization("grant", unnamed)("3"), "3");
    assert.equal(chooseOrganization("4", unnamed)("3"), "4");
  }
});
