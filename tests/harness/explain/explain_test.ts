import assert from "node:assert/strict";
import {
  explainCall,
  type ExplainRules,
} from "../../../harness/explain/explain.ts";
import { readExplainSource } from "../../../harness/explain/source.ts";
import {
  FIXTURES_URL,
  readFixture,
} from "../../../harness/fixtures/fixture.ts";
import { readAllFixtures } from "../../../harness/fixtures/fixture_files.ts";
import { settingsOf } from "../../../harness/fixtures/fixture_function.ts";
import { startUpstreamServer } from "../../../harness/fixtures/upstream_server.ts";
import type { UserGrant } from "../../../lib/request/payload.ts";
import { mappingOf } from "./_mapping.ts";

const grant = (project_id: string, part: Partial<UserGrant> = {}) => ({
  project_id,
  resource_owner: "giver",
  state: 1,
  roles: ["admin"],
  ...part,
});

/** Explains a call for a user of `users`, with one mapping for every organization but `shut`. */
function explain(
  user_grants: UserGrant[],
  values: Readonly<Record<string, string>> = { admin: '["all"]' },
  rules: Partial<ExplainRules> = {},
) {
  const call = {
    function: "function/preaccesstoken",
    org: { id: "users" },
    application: { client_id: "7" },
    actor: { user_id: "9" },
    user_grants,
  };
  const read = (organization: string) =>
    organization === "shut"
      ? Promise.reject(new Error("closed"))
      : Promise.resolve(mappingOf(values));
  return explainCall(call, read, { metadataOrganization: "grant", ...rules });
}

Deno.test("explainCall() explains what each role gives, or why it gives nothing", async () => {
  const { grants, permissions } = await explain([
    grant("42", { roles: ["admin", "empty", "broken", "unmapped"] }),
    grant("43"),
    grant("44", { state: 2 }),
    grant("45", { roles: undefined }),
    grant("46", { resource_owner: "shut" }),
  ], {
    admin: '["all"]',
    "42:admin": '["shop"]',
    empty: "[]",
    broken: "cmVhZDphbGwsd3JpdGU6YWxs",
  });
  assert.deepEqual(permissions, ["shop", "all"]);
  const [admin, empty, broken, unmapped] = grants[0]!.roles;
  assert.deepEqual([admin!.key, admin!.why], ["42:admin", undefined]);
  assert.match(empty!.why!, /empty array/);
  assert.match(
    broken!.why!,
    /encoded once too often.*It is cmVhZDphbGwsd3JpdGU6YWxs and should be \["read:all","write:all"\]/,
  );
  assert.match(unmapped!.why!, /no entry "unmapped" or "42:unmapped"/);
  assert.deepEqual(grants[1]!.roles[0]!.permissions, ["all"]);
  assert.match(grants[2]!.why!, /not active/);
  assert.match(grants[3]!.why!, /names no role/);
  assert.equal(grants[4]!.why, "closed");
});

Deno.test("explainCall() agrees with the function on every fixture whose reply has permissions", async (t) => {
  for (const { fixture } of await readAllFixtures()) {
    const { body, status } = fixture.expected;
    const { append_claims: claims } = body as {
      append_claims?: { key: string; value: unknown }[];
    };
    // What earlier targets said is not the mapping's doing.
    const isOurs = !fixture.request.body.includes('"response"');
    if (status !== 200 || !claims || !isOurs) continue;
    await t.step(fixture.name, async () => {
      const { call, mappingOf, rules } = await readExplainSource(
        JSON.stringify(fixture),
        { settings: {} },
      );
      const explained = await explainCall(call, mappingOf, rules);
      const added = new Map(
        explained.claims.map(({ name, value }) => [name, value]),
      );
      for (const { key, value } of claims) {
        assert.deepEqual(added.get(key), value);
      }
    });
  }
});

Deno.test("explainCall() knows the settings, and says which leaves a grant or a call out", async () => {
  const { grants, claims } = await explain(
    [grant("42"), grant("43"), grant("43", { resource_owner: "other" })],
    undefined,
    {
      projects: new Set(["43"]),
      grantedBy: new Set(["giver"]),
      shape: "by_organization",
      rolesClaim: "roles",
    },
  );
  assert.match(grants[0]!.why!, /^PROJECTS does not list/);
  assert.match(grants[2]!.why!, /^GRANTED_BY does not list/);
  assert.deepEqual(claims.map(({ name, value }) => [name, value]), [
    ["permissions", { giver: { "43": ["all"] } }],
    ["roles", ["admin"]],
  ]);
  const unlisted = { applications: new Set(["8"]) };
  for (
    const [rules, expected] of [
      [unlisted, /^APPLICATIONS does not list the application 7/],
      [{ impersonation: "none" }, /IMPERSONATION is none/],
    ] as const
  ) {
    const found = await explain([grant("42")], undefined, rules);
    assert.match(found.why!, expected);
    assert.match(found.grants[0]!.why!, expected);
    assert.deepEqual([...found.permissions, ...found.claims], []);
  }
});

Deno.test("explainCall() says when a foreign organization's grants are too long for a claim", async () => {
  const names = Array.from({ length: 900 }, (_, i) => `permission-${i}`);
  const { grants, permissions } = await explain([grant("42")], {
    admin: JSON.stringify(names),
  });
  assert.deepEqual(permissions, []);
  assert.match(grants[0]!.why!, /too long for a claim/);
});

Deno.test("readExplainSource() asks the instance at its public address, not at the function's", async () => {
  const file = new URL("calls/payload_type_jwt.json", FIXTURES_URL);
  const fixture = await readFixture(file);
  await using instance = startUpstreamServer(fixture);
  const { call, mappingOf, rules } = await readExplainSource(
    fixture.request.body,
    {
      settings: {
        ...settingsOf(fixture),
        ZITADEL_DOMAIN: instance.origin,
        ZITADEL_INTERNAL_URL: "http://127.0.0.1:1",
      },
    },
  );
  const { permissions } = await explainCall(call, mappingOf, rules);
  assert.ok(permissions.length > 0);
});

Deno.test("readExplainSource() explains a pasted payload by a mapping file, and no event or other text", async () => {
  const read = (text: string) =>
    readExplainSource(text, {
      settings: {},
      mapping: new Map([["admin", ["a"]]]),
    });
  const source = await read(
    '{"function":"function/preuserinfo","org":{"id":"1"}}\n',
  );
  assert.equal(source.rules.metadataOrganization, "user");
  assert.deepEqual((await source.mappingOf("1")).plain.get("admin"), ["a"]);
  await assert.rejects(
    read('{"event_type":"org.metadata.set","aggregateID":"1"}'),
    /Nothing to explain: this is the event org\.metadata\.set/,
  );
  await assert.rejects(read("{"), /it is not JSON/);
});
