import assert from "node:assert/strict";
import { createRoleMapping } from "../../../lib/mapping/role_mapping.ts";
import {
  explainUser,
  type UserFacts,
  type UserGrantFacts,
} from "../../../harness/explain/explain_user.ts";

const USER = {
  id: "7",
  loginName: "alice",
  organization: "ours",
  isMachine: false,
  state: "active",
};

const GRANT: UserGrantFacts = {
  id: "1",
  user_id: "7",
  login_name: "alice",
  user_resource_owner: "ours",
  is_machine: false,
  project_id: "42",
  project_name: "Storefront",
  resource_owner: "ours",
  org_name: "Ours",
  grant_id: "",
  roles: ["viewer"],
  state: 1,
  isAsserted: true,
};

const APPLICATION = { clientId: "shop", project: { id: "42" } };

function explain(
  facts: Partial<UserFacts>,
  applications?: ReadonlySet<string>,
) {
  return explainUser(
    { user: USER, grants: [GRANT], namesApplication: true, ...facts },
    () =>
      Promise.resolve(createRoleMapping(new Map([["viewer", ["posts:read"]]]))),
    { metadataOrganization: "user", applications },
  );
}

Deno.test("explainUser() says which grants a login must request", async () => {
  const scopesOf = async (facts: Partial<UserFacts>) =>
    (await explain(facts)).grants[0]!.scopes;
  const scopes =
    "urn:zitadel:iam:org:project:id:42:aud urn:zitadel:iam:org:projects:roles";
  assert.equal(await scopesOf({}), undefined);
  assert.equal(await scopesOf({ application: APPLICATION }), undefined);
  const other = { clientId: "blog", project: { id: "43" } };
  assert.equal(await scopesOf({ application: other }), scopes);
  const machine = { ...USER, isMachine: true };
  assert.equal(await scopesOf({ user: machine }), scopes);
  const unasserted = { ...GRANT, isAsserted: false };
  assert.equal(await scopesOf({ grants: [unasserted] }), scopes);
});

Deno.test("explainUser() knows whom APPLICATIONS limits", async () => {
  const listed = new Set(["shop"]);
  const unknown = await explain({}, listed);
  assert.deepEqual(unknown.permissions, ["posts:read"]);
  assert.match(unknown.notes[0]!, /^Only tokens for APPLICATIONS/);
  const other = { clientId: "blog", project: { id: "42" } };
  const unlisted = await explain({ application: other }, listed);
  assert.deepEqual(unlisted.permissions, []);
  assert.match(unlisted.grants[0]!.why!, /does not list the application blog/);
  const named = await explain({ application: APPLICATION }, listed);
  assert.deepEqual(named.permissions, ["posts:read"]);
  const machine = await explain({ user: { ...USER, isMachine: true } }, listed);
  assert.deepEqual(machine.permissions, ["posts:read"]);
  assert.doesNotMatch(machine.notes.join(), /APPLICATIONS/);
  // v3 names no application.
  const v3 = await explain({
    application: APPLICATION,
    namesApplication: false,
  }, listed);
  assert.deepEqual(v3.permissions, []);
  assert.match(v3.why!, /did not name the application/);
});

Deno.test("explainUser() says that a user cannot log in, or has no grants", async () => {
  const locked = await explain({ user: { ...USER, state: "locked" } });
  assert.equal(locked.notes[0], "The user is locked and cannot log in.");
  const none = await explain({ grants: [] });
  assert.equal(none.why, "the user has no grants");
  assert.deepEqual(none.notes, []);
});
