/**
 * The ways by which another tenant could reach permissions that are not theirs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import {
  createTestFunction,
  loginPayload,
  ORGANIZATION,
  permissionsIn,
} from "./_function.ts";
import { createIdleFunction } from "./_requests.ts";

const CLIENT = loginPayload().application.client_id;

/** The recorded login with a second grant, given by another customer. */
function withForeignGrant() {
  const payload = loginPayload();
  const [grant] = payload.user_grants;
  payload.user_grants = [
    { ...grant, roles: ["viewer"] },
    { ...grant, roles: ["admin"], resource_owner: "400930455974579777" },
  ];
  return payload;
}

Deno.test("createHandler() counts the grants of the organizations in GRANTED_BY only", async (t) => {
  const viewer = ["posts:read"];
  const cases: [string, boolean][] = [
    ["user", false],
    [ORGANIZATION, false],
    [`user,${ORGANIZATION}`, false],
    ["user,400930455974579777", true],
    ["400930455974579777,user", true],
  ];
  for (const [GRANTED_BY, countsForeign] of cases) {
    await t.step(GRANTED_BY, async () => {
      const settings = { GRANTED_BY, METADATA_ORGANIZATION: ORGANIZATION };
      const { call, log } = await createTestFunction({ settings });
      const response = await call(withForeignGrant());
      const permissions = await permissionsIn(response) as string[];
      assert.equal(permissions.includes("delete:all"), countsForeign);
      assert.deepEqual(permissions.slice(0, 1), viewer);
      assert.deepEqual(log.filter(({ level }) => level !== "info"), []);
    });
  }
});

Deno.test("createHandler() answers an unlisted application without a look-up", async (t) => {
  const settings = { APPLICATIONS: "1,2" };
  const unlisted: Record<string, object> = {
    "another application": {},
    "a userinfo call": { function: "function/preuserinfo" },
    "a call without grants": { user_grants: [] },
  };
  for (const [name, change] of Object.entries(unlisted)) {
    await t.step(name, async () => {
      const { call, log, asked } = await createIdleFunction(settings);
      const response = await call({ ...loginPayload(), ...change });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "{}");
      assert.deepEqual(asked, []);
      assert.deepEqual(
        log.map(({ level, outcome }) => [level, outcome]),
        [["info", "unlisted_application"]],
      );
    });
  }
});

Deno.test("createHandler() gives permissions to listed applications, service users and SAML", async (t) => {
  const { user } = loginPayload();
  const allowed: Record<string, [applications: string, change: object]> = {
    "a listed application": [`1,${CLIENT}`, {}],
    "a service user": ["1", { user: { ...user, machine: { name: "ci" } } }],
    "SAML": ["1", {
      function: "function/presamlresponse",
      application: undefined,
      org: undefined,
    }],
  };
  for (const [name, [APPLICATIONS, change]] of Object.entries(allowed)) {
    await t.step(name, async () => {
      const { call } = await createTestFunction({ settings: { APPLICATIONS } });
      const text = await (await call({ ...loginPayload(), ...change })).text();
      assert.match(text, /posts:read/);
    });
  }
});

Deno.test("createHandler() warns once when ZITADEL names no application", async () => {
  const { call, log, asked } = await createIdleFunction({ APPLICATIONS: "1" });
  for (const application of [undefined, null, {}]) {
    const response = await call({ ...loginPayload(), application });
    assert.equal(await response.text(), "{}");
  }
  assert.deepEqual(asked, []);
  const warnings = log.filter(({ level }) => level === "warn");
  assert.deepEqual(
    warnings.map(({ reason }) => reason),
    ["unlisted_application"],
  );
  assert.ok(warnings[0]?.remedy);
  assert.deepEqual(
    log.filter(({ level }) => level === "info").map(({ outcome }) => outcome),
    Array(3).fill("unlisted_application"),
  );
});

Deno.test("createHandler() gives an impersonated user nothing when IMPERSONATION is none", async () => {
  const actor = { user_id: "400930455974579999", actor: null };
  const none = await createIdleFunction({ IMPERSONATION: "none" });
  const refused = await none.call({ ...loginPayload(), actor });
  assert.equal(await refused.text(), "{}");
  assert.equal(none.log.at(-1)?.outcome, "no_roles");
  assert.deepEqual(none.asked, []);

  const full = await createTestFunction();
  const both = await createTestFunction({
    settings: { IMPERSONATION: "none" },
  });
  for (
    const response of [
      await full.call({ ...loginPayload(), actor }),
      await both.call({ ...loginPayload(), actor: null }),
      await both.call(loginPayload()),
    ]
  ) {
    assert.match(await response.text(), /posts:read/);
  }
});

Deno.test("createHandler() does not let a role pose as an entry of a project whose grant does not count", async (t) => {
  const { user_grants: [grant] } = loginPayload();
  const shop = { ...grant, project_id: "shop", roles: ["viewer"] };
  const impostor = { ...grant, project_id: "7", roles: ["shop:admin"] };
  const notCounted: Record<string, [Record<string, string>, object]> = {
    "counted": [{}, shop],
    "inactive": [{}, { ...shop, state: 2 }],
    "of another project": [{ PROJECTS: "7" }, shop],
    "of another organization": [{ GRANTED_BY: "user" }, {
      ...shop,
      resource_owner: "2",
    }],
  };
  for (const [name, [settings, other]] of Object.entries(notCounted)) {
    await t.step(name, async () => {
      const { call } = await createTestFunction({
        settings: { METADATA_ORGANIZATION: ORGANIZATION, ...settings },
        fetch: createUpstream({
          organizations: {
            [ORGANIZATION]: {
              readable: true,
              metadata: {
                "shop:admin": new TextEncoder().encode('["delete:all"]')
                  .toBase64(),
              },
            },
          },
        }).fetch,
      });
      const user_grants = [other, impostor];
      const response = await call({ ...loginPayload(), user_grants });
      assert.deepEqual(await permissionsIn(response), []);
    });
  }
});
