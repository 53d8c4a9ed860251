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

const FOREIGN = "400930455974579777";

/** The recorded login with a second grant, given by another customer for another project. */
function withForeignGrant() {
  const payload = loginPayload();
  const [grant] = payload.user_grants;
  payload.user_grants = [
    { ...grant, roles: ["viewer"] },
    { ...grant, roles: ["admin"], resource_owner: FOREIGN, project_id: "7" },
  ];
  return payload;
}

Deno.test("createHandler() counts the grants that GRANTED_BY and PROJECTS allow, and no others", async (t) => {
  const viewer = ["posts:read"];
  const project = loginPayload().user_grants[0].project_id;
  const cases: [Record<string, string>, boolean][] = [
    [{ GRANTED_BY: "user" }, false],
    [{ GRANTED_BY: `user,${FOREIGN}` }, true],
    [{ PROJECTS: project }, false],
    [{ PROJECTS: `${project},7` }, true],
  ];
  for (const [setting, countsForeign] of cases) {
    await t.step(JSON.stringify(setting), async () => {
      const settings = { ...setting, METADATA_ORGANIZATION: ORGANIZATION };
      const { call, log } = await createTestFunction({ settings });
      const response = await call(withForeignGrant());
      const permissions = await permissionsIn(response) as string[];
      assert.equal(permissions.includes("delete:all"), countsForeign);
      assert.deepEqual(permissions.slice(0, 1), viewer);
      assert.deepEqual(log.filter(({ level }) => level !== "info"), []);
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
