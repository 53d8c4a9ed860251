import assert from "node:assert/strict";
import { explainCall } from "../../../harness/explain/explain.ts";
import { readExplainSource } from "../../../harness/explain/source.ts";
import {
  findFixtures,
  readFixture,
} from "../../../harness/fixtures/fixture.ts";
import { parseRoleMapping } from "../../../lib/mapping/role_mapping.ts";

const value = (text: string) => new TextEncoder().encode(text);

Deno.test("explainCall() explains what each role gives, or why it gives nothing", async () => {
  const mapping = parseRoleMapping([
    { key: "admin", value: value('["all"]') },
    { key: "42:admin", value: value('["shop"]') },
    { key: "empty", value: value("[]") },
    { key: "broken", value: value("[") },
  ]);
  const { grants, permissions } = await explainCall(
    {
      function: "function/preaccesstoken",
      org: { id: "users" },
      user_grants: [
        {
          project_id: "42",
          resource_owner: "giver",
          state: 1,
          roles: ["admin", "empty", "broken", "unmapped"],
        },
        {
          project_id: "43",
          resource_owner: "giver",
          state: 1,
          roles: ["admin"],
        },
        {
          project_id: "44",
          resource_owner: "giver",
          state: 2,
          roles: ["admin"],
        },
        { project_id: "45", resource_owner: "giver", state: 1 },
        {
          project_id: "46",
          resource_owner: "shut",
          state: 1,
          roles: ["admin"],
        },
      ],
    },
    (organization) =>
      organization === "shut"
        ? Promise.reject(new Error("closed"))
        : Promise.resolve(mapping),
    "grant",
  );
  assert.deepEqual(permissions, ["shop", "all"]);
  assert.deepEqual(
    grants[0]!.roles.map(({ key, why }) => [key, why !== undefined]),
    [["42:admin", false], ["empty", true], ["broken", true], [undefined, true]],
  );
  assert.match(
    grants[0]!.roles[3]!.why!,
    /no entry "unmapped" or "42:unmapped"/,
  );
  assert.deepEqual(grants[1]!.roles[0]!.permissions, ["all"]);
  assert.match(grants[2]!.why!, /not active/);
  assert.match(grants[3]!.why!, /names no role/);
  assert.equal(grants[4]!.why, "closed");
});

Deno.test("explainCall() agrees with the function on every fixture whose reply has permissions", async (t) => {
  for (const file of await findFixtures()) {
    const fixture = await readFixture(file);
    const { body, status } = fixture.expected;
    const claims =
      (body as { append_claims?: { key: string; value: unknown }[] })
        .append_claims;
    // What earlier targets said is not the mapping's doing.
    if (
      status !== 200 || !claims || fixture.request.body.includes('"response"')
    ) {
      continue;
    }
    await t.step(fixture.name, async () => {
      const source = await readExplainSource(
        await Deno.readTextFile(file),
        { settings: {} },
      );
      const { claims: explained } = await explainCall(
        source.call,
        source.mappingOf,
        source.rules,
      );
      const added = new Map(explained.map(({ name, value }) => [name, value]));
      for (const { key, value } of claims) {
        assert.deepEqual(added.get(key), value);
      }
    });
  }
});

Deno.test("readExplainSource() explains a pasted payload by a mapping file", async () => {
  const source = await readExplainSource(
    '{"function":"function/preuserinfo","org":{"id":"1"}}\n',
    { settings: {}, mapping: new Map([["admin", ["a"]]]) },
  );
  assert.equal(source.rules.metadataOrganization, "user");
  const { plain } = await source.mappingOf("1");
  assert.deepEqual(plain.get("admin"), ["a"]);
});

Deno.test("readExplainSource() refuses an event", () =>
  assert.rejects(
    readExplainSource('{"event_type":"org.metadata.set","aggregateID":"1"}', {
      settings: {},
      mapping: new Map(),
    }),
    /Nothing to explain: this is the event org\.metadata\.set/,
  ));

Deno.test("explainCall() knows PROJECTS, the shapes and the claim of roles", async () => {
  const call = {
    function: "function/preaccesstoken",
    org: { id: "users" },
    user_grants: ["42", "43"].map((project_id) => ({
      project_id,
      resource_owner: "giver",
      state: 1,
      roles: ["admin"],
    })),
  };
  const mapping = parseRoleMapping([
    { key: "admin", value: value('["all"]') },
  ]);
  const { grants, claims } = await explainCall(
    call,
    () => Promise.resolve(mapping),
    {
      metadataOrganization: "user",
      projects: new Set(["43"]),
      shape: "by_organization",
      rolesClaim: "roles",
    },
  );
  assert.match(grants[0]!.why!, /PROJECTS does not list/);
  assert.deepEqual(claims.map(({ name, value }) => [name, value]), [
    ["permissions", { giver: { "43": ["all"] } }],
    ["roles", ["admin"]],
  ]);
});

Deno.test("explainCall() shows what an unreadable value is and should be", async () => {
  const entries = [{
    key: "admin",
    value: value("cmVhZDphbGwsd3JpdGU6YWxs"),
  }];
  const { grants } = await explainCall(
    {
      function: "function/preaccesstoken",
      org: { id: "users" },
      user_grants: [{
        project_id: "42",
        resource_owner: "giver",
        state: 1,
        roles: ["admin"],
      }],
    },
    () => Promise.resolve({ ...parseRoleMapping(entries), entries }),
    "user",
  );
  assert.match(
    grants[0]!.roles[0]!.why!,
    /encoded once too often.*It is cmVhZDphbGwsd3JpdGU6YWxs and should be \["read:all","write:all"\]/,
  );
});

Deno.test("readExplainSource() refuses a text that is no payload", () =>
  assert.rejects(
    readExplainSource("{", { settings: {}, mapping: new Map() }),
    /it is not JSON/,
  ));

Deno.test("explainCall() says which setting leaves a grant or a call out", async () => {
  const mapping = parseRoleMapping([{ key: "admin", value: value('["all"]') }]);
  const call = {
    function: "function/preaccesstoken",
    org: { id: "1" },
    application: { client_id: "7" },
    actor: { user_id: "9" },
    user_grants: ["1", "2"].map((resource_owner) => ({
      project_id: "42",
      resource_owner,
      state: 1,
      roles: ["admin"],
    })),
  };
  const explain = (rules: object) =>
    explainCall(call, () => Promise.resolve(mapping), {
      metadataOrganization: "user",
      ...rules,
    });
  const foreign = await explain({ grantedBy: new Set(["user"]) });
  assert.deepEqual(foreign.permissions, ["all"]);
  assert.match(foreign.grants[1]!.why!, /^GRANTED_BY does not list/);

  const unlisted = await explain({ applications: new Set(["8"]) });
  assert.match(unlisted.why!, /^APPLICATIONS does not list the application 7/);
  const impersonated = await explain({ impersonation: "none" });
  assert.match(impersonated.why!, /IMPERSONATION is none/);
  for (const { permissions, claims } of [unlisted, impersonated]) {
    assert.deepEqual([...permissions, ...claims], []);
  }
});

Deno.test("explainCall() says when a foreign organization's grants are too long for a claim", async () => {
  const names = Array.from(
    { length: 900 },
    (_, index) => `permission-${index}`,
  );
  const mapping = parseRoleMapping([
    { key: "admin", value: value(JSON.stringify(names)) },
  ]);
  const { grants, permissions } = await explainCall(
    {
      function: "function/preaccesstoken",
      org: { id: "1" },
      user_grants: [
        { project_id: "42", resource_owner: "2", state: 1, roles: ["admin"] },
      ],
    },
    () => Promise.resolve(mapping),
    "grant",
  );
  assert.deepEqual(permissions, []);
  assert.match(grants[0]!.why!, /too long for a claim/);
});
