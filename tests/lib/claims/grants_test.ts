import assert from "node:assert/strict";
import {
  type GrantRules,
  roleGrants,
  whyUnlisted,
} from "../../../lib/claims/grants.ts";
import type { FunctionCall } from "../../../lib/request/payload.ts";
import { testEach } from "../../_test_each.ts";

const grant = {
  project_id: "1",
  resource_owner: "10",
  state: 1,
  roles: ["admin", "viewer"],
};

type Call = Parameters<typeof roleGrants>[0];

/** The organizations and projects of the grants that count. */
function counted(rules: GrantRules, call: Call): string[] {
  return roleGrants(call, rules).map(({ organization, projectId }) =>
    `${organization}/${projectId}`
  );
}

Deno.test("roleGrants() picks active grants that name a role", () => {
  const user_grants = [
    grant,
    { ...grant, state: 2 },
    { ...grant, state: 0 },
    { ...grant, roles: [] },
    { ...grant, roles: null },
    { project_id: "1", resource_owner: "10", state: 1 },
    { ...grant, project_id: "2", resource_owner: "20", roles: ["viewer"] },
  ];
  assert.deepEqual(roleGrants({ user_grants }, {}), [
    { projectId: "1", organization: "10", roles: ["admin", "viewer"] },
    { projectId: "2", organization: "20", roles: ["viewer"] },
  ]);
});

const fourOwners = ["10", "20", "30", "user"]
  .map((resource_owner) => ({ ...grant, resource_owner }));

testEach<[string[], Pick<FunctionCall, "org" | "user">, expected: string[]]>(
  "roleGrants() picks grants of the organizations in GRANTED_BY",
  {
    "user: the user's own": [["user"], { org: { id: "20" } }, ["20/1"]],
    "user, of a SAML payload": [
      ["user"],
      { user: { resource_owner: "20" } },
      ["20/1"],
    ],
    "an id": [["10"], { org: { id: "20" } }, ["10/1"]],
    "both": [["user", "10"], { org: { id: "20" } }, ["10/1", "20/1"]],
    "user never matches an organization of that id": [
      ["user"],
      { org: { id: "99" } },
      [],
    ],
    "user, when the payload names no organization": [["user"], {}, []],
  },
  ([grantedBy, of, expected]) => {
    const call = { user_grants: fourOwners, ...of };
    const rules = { grantedBy: new Set(grantedBy) };
    assert.deepEqual(counted(rules, call), expected);
  },
);

Deno.test("roleGrants() returns nothing for an impersonated user when IMPERSONATION is none", () => {
  const user_grants = [grant];
  for (const actor of [{ user_id: "2" }, { actor: { actor: null } }, "", {}]) {
    const call = { user_grants, actor };
    assert.deepEqual(counted({ impersonation: "none" }, call), []);
    assert.deepEqual(counted({ impersonation: "full" }, call), ["10/1"]);
    assert.deepEqual(counted({}, call), ["10/1"]);
  }
  for (const call of [{ user_grants }, { user_grants, actor: null }]) {
    assert.deepEqual(counted({ impersonation: "none" }, call), ["10/1"]);
  }
});

const listed = new Set(["shop@ours", "7"]);

function why(change: object, applications: ReadonlySet<string> | undefined) {
  return whyUnlisted({
    function: "function/preaccesstoken",
    application: { client_id: "7" },
    user: { resource_owner: "1", machine: null },
    ...change,
  }, applications);
}

Deno.test("whyUnlisted() compares the client id with APPLICATIONS", () => {
  assert.equal(why({}, undefined), undefined);
  assert.equal(why({}, listed), undefined);
  assert.equal(
    why({ application: { client_id: "shop@ours" } }, listed),
    undefined,
  );
  for (const client_id of ["8", "SHOP@ours", "__proto__"]) {
    assert.equal(why({ application: { client_id } }, listed), "unlisted");
  }
});

Deno.test("whyUnlisted() lets service users and SAML pass", () => {
  const user = { machine: { name: "ci" } };
  for (const application of [{ client_id: "8" }, undefined]) {
    assert.equal(why({ application, user }, listed), undefined);
  }
  const saml = { function: "function/presamlresponse", application: null };
  assert.equal(why(saml, listed), undefined);
});

Deno.test("whyUnlisted() reports a call that names no application", () => {
  const unnamed = [undefined, null, {}, { client_id: null }, { client_id: "" }];
  for (const application of unnamed) {
    assert.equal(why({ application }, listed), "unnamed");
    assert.equal(why({ application }, undefined), undefined);
  }
});
