import assert from "node:assert/strict";
import { testEach } from "../_test_each.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  ORGANIZATION,
} from "./_function.ts";
import { assertRefused } from "./_requests.ts";

/** A login whose claims so far are as v4.13.1 sends them after an action set one. */
function payloadWith(claim: string, value: unknown = ["admin:all"]) {
  const payload = loginPayload();
  payload.userinfo = { [claim]: value, ...payload.userinfo };
  return payload;
}

const ours = payloadWith("permissions");
const { client_id } = loginPayload().application;

testEach<object>(
  "createHandler() fails loudly when an action has set a claim of ours, whatever else the call is",
  {
    "permissions": ours,
    "Permissions": payloadWith("Permissions"),
    "PERMISSIONS": payloadWith("PERMISSIONS"),
    "permi\u017f\u017fions": payloadWith("permi\u017f\u017fions"),
    "the claim of roles": payloadWith("groups"),
    "the claim of roles, in another case": payloadWith("Groups"),
    "the value null": payloadWith("permissions", null),
    "an empty list": payloadWith("permissions", []),
    "an empty text": payloadWith("permissions", ""),
    "the value false": payloadWith("permissions", false),
    "a userinfo call": { ...ours, function: "function/preuserinfo" },
    "no grants": { ...ours, user_grants: [] },
    "an unlisted application": { ...ours, application: { client_id: "2" } },
    "an impersonated user": { ...ours, actor: { user_id: "2" } },
  },
  async (payload) => {
    const { call, log } = await createTestFunction({
      settings: {
        ROLES_CLAIM: "groups",
        APPLICATIONS: client_id,
        IMPERSONATION: "none",
      },
    });
    await assertRefused(await call(payload), "upstream_failed");
    const lines = log.map((it) =>
      `${it.level} ${it.reason} ${it.organization}`
    );
    assert.deepEqual(lines, [`error replaced_claim ${ORGANIZATION}`]);
    assert.match(log[0]!.message, /claim (?:permissions|groups):/);
    assert.match(String(log[0]?.remedy), /interruptOnError/);
  },
);

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
