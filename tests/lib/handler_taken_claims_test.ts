import assert from "node:assert/strict";
import {
  createTestFunction,
  loginPayload,
  ORGANIZATION,
  permissionsIn,
} from "./_function.ts";

/** A login whose claims so far are as v4.13.1 sends them after an action set one. */
function payloadWith(claim: string, change = {}) {
  const payload = loginPayload();
  payload.userinfo = { [claim]: ["admin:all"], ...payload.userinfo };
  return { ...payload, ...change };
}

Deno.test("createHandler() fails loudly when an action has set a claim of ours", async (t) => {
  const settings = { ROLES_CLAIM: "groups" };
  const claims = [
    ...["permissions", "Permissions", "PERMISSIONS", "permi\u017f\u017fions"],
    ...["groups", "Groups"],
  ];
  for (const claim of claims) {
    for (const name of ["function/preaccesstoken", "function/preuserinfo"]) {
      for (const user_grants of [loginPayload().user_grants, []]) {
        const title = `${claim}, ${name}, ${user_grants.length} grants`;
        await t.step(title, async () => {
          const { call, log } = await createTestFunction({ settings });
          const response = await call(
            payloadWith(claim, { function: name, user_grants }),
          );
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
    }
  }
});

Deno.test("createHandler() answers when an action has set other claims", async () => {
  const { call } = await createTestFunction();
  for (const claim of ["groups", "permission", "toString"]) {
    const response = await call(payloadWith(claim));
    assert.equal(response.status, 200);
    assert.deepEqual(
      await permissionsIn(response),
      await permissionsIn(await call(loginPayload())),
    );
  }
});

Deno.test("createHandler() fails for a claim of ours whatever its value, and before it looks at the application", async () => {
  for (const value of [null, [], "", false, ["admin:all"]]) {
    const payload = loginPayload();
    payload.userinfo = { ...payload.userinfo, Permissions: value };
    const { call } = await createTestFunction({
      settings: { APPLICATIONS: "1", IMPERSONATION: "none" },
    });
    assert.equal((await call(payload)).status, 502, String(value));
  }
});
