import assert from "node:assert/strict";
import {
  createTestFunction,
  login,
  loginPayload,
  ORGANIZATION,
} from "./_function.ts";

/** A login whose claims so far are as v4.13.1 sends them after an action set one. */
function payloadWith(claim: string, value: unknown = ["admin:all"]) {
  const payload = loginPayload();
  payload.userinfo = { [claim]: value, ...payload.userinfo };
  return payload;
}

Deno.test("createHandler() fails loudly when an action has set a claim of ours, whatever else the call is", async (t) => {
  const cases: Record<string, object> = {
    ...Object.fromEntries(
      ["permissions", "Permissions", "PERMISSIONS", "permi\u017f\u017fions"]
        .map((claim) => [claim, payloadWith(claim)]),
    ),
    "the claim of roles": payloadWith("groups"),
    "the claim of roles, in another case": payloadWith("Groups"),
    ...Object.fromEntries(
      [null, [], "", false].map((value) => [
        `the value ${JSON.stringify(value)}`,
        payloadWith("permissions", value),
      ]),
    ),
    "a userinfo call": {
      ...payloadWith("permissions"),
      function: "function/preuserinfo",
    },
    "no grants": { ...payloadWith("permissions"), user_grants: [] },
    "an unlisted application": {
      ...payloadWith("permissions"),
      application: { client_id: "2" },
    },
    "an impersonated user": {
      ...payloadWith("permissions"),
      actor: { user_id: "2" },
    },
  };
  for (const [name, payload] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { call, log } = await createTestFunction({
        settings: {
          ROLES_CLAIM: "groups",
          APPLICATIONS: loginPayload().application.client_id,
          IMPERSONATION: "none",
        },
      });
      const response = await call(payload);
      assert.equal(response.status, 502);
      assert.deepEqual(await response.json(), { error: "upstream_failed" });
      assert.equal(log.length, 1);
      assert.equal(log[0]?.level, "error");
      assert.equal(log[0]?.reason, "replaced_claim");
      assert.equal(log[0]?.organization, ORGANIZATION);
      assert.match(log[0]!.message, /claim (?:permissions|groups):/);
      assert.match(String(log[0]?.remedy), /interruptOnError/);
    });
  }
});

Deno.test("createHandler() answers when an action has set other claims", async () => {
  const { call } = await createTestFunction();
  for (const claim of ["groups", "permission", "toString"]) {
    const response = await call(payloadWith(claim));
    assert.deepEqual(
      { status: response.status, body: await response.json() },
      login.expected,
    );
  }
});

Deno.test("createHandler() does not fold more or longer claim names than take a moment", async () => {
  const { call, log } = await createTestFunction();
  const long = "\ufdfa".repeat(300_000);
  assert.equal((await call(payloadWith(long))).status, 200);
  const payload = loginPayload();
  for (let index = 0; index < 5_001; index++) {
    payload.userinfo[`\u304b${index}`] = 1;
  }
  assert.equal((await call(payload)).status, 502);
  assert.equal(log.at(-1)?.reason, "replaced_claim");
  assert.match(log.at(-1)!.message, /more than 5000/);
});
