/**
 * The ways by which another tenant could reach permissions that are not theirs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import { testEach } from "../_test_each.ts";
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

const [grant] = loginPayload().user_grants;

testEach<[setting: Record<string, string>, countsForeign: boolean]>(
  "createHandler() counts the grants that GRANTED_BY and PROJECTS allow, and no others",
  {
    "the user's own": [{ GRANTED_BY: "user" }, false],
    "both organizations": [{ GRANTED_BY: `user,${FOREIGN}` }, true],
    "one project": [{ PROJECTS: grant.project_id }, false],
    "both projects": [{ PROJECTS: `${grant.project_id},7` }, true],
  },
  async ([setting, countsForeign]) => {
    const settings = { ...setting, METADATA_ORGANIZATION: ORGANIZATION };
    const { call, log } = await createTestFunction({ settings });
    const response = await call(withForeignGrant());
    const [first, ...others] = await permissionsIn(response) as string[];
    assert.equal(first, "posts:read");
    assert.equal(others.includes("delete:all"), countsForeign);
    assert.deepEqual(log.filter(({ level }) => level !== "info"), []);
  },
);

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

const shop = { ...grant, project_id: "shop", roles: ["viewer"] };

testEach<[settings: Record<string, string>, other: object]>(
  "createHandler() does not let a role pose as an entry of a project whose grant does not count",
  {
    "counted": [{}, shop],
    "inactive": [{}, { ...shop, state: 2 }],
    "of another project": [{ PROJECTS: "7" }, shop],
    "of another organization": [
      { GRANTED_BY: "user" },
      { ...shop, resource_owner: "2" },
    ],
  },
  async ([settings, other]) => {
    const metadata = { "shop:admin": btoa('["delete:all"]') };
    const organizations = { [ORGANIZATION]: { readable: true, metadata } };
    const { call } = await createTestFunction({
      settings: { METADATA_ORGANIZATION: ORGANIZATION, ...settings },
      fetch: createUpstream({ organizations }).fetch,
    });
    const impostor = { ...grant, project_id: "7", roles: ["shop:admin"] };
    const user_grants = [other, impostor];
    const response = await call({ ...loginPayload(), user_grants });
    assert.deepEqual(await permissionsIn(response), []);
  },
);
