import assert from "node:assert/strict";
import { parseRoleMapping } from "../../../lib/mapping/role_mapping.ts";
import {
  explainPermission,
  type HeldRoles,
} from "../../../harness/explain/explain_permission.ts";
import { describeAnswer } from "../../../harness/explain/describe_answer.ts";
import { NOT_COUNTED } from "../../../harness/explain/explain.ts";
import { nearestName } from "../../../harness/explain/nearest_name.ts";

function mappingOf(values: Readonly<Record<string, string>>) {
  const entries = Object.entries(values).map(([key, value]) => ({
    key,
    value: new TextEncoder().encode(value),
  }));
  return { ...parseRoleMapping(entries), entries };
}

const MAPPING = mappingOf({
  viewer: '["posts:read"]',
  editor: '["posts:write"]',
  "77:editor": '["billing:write"]',
  admin: btoa(btoa('["secret:read"]')),
});

const HELD: HeldRoles = {
  held: ["viewer"],
  project: "42",
  grantedBy: "ours",
  organization: "ours",
};

const NAMES = {
  permission: "posts:read",
  user: "Ann",
  grants: [HELD],
  mappings: new Map(),
  counted: new Set(["ours"]),
  projectName: (id: string) => id,
  organizationName: (id: string) => id,
};

function ask(permission: string, grant: Partial<HeldRoles> = {}) {
  return explainPermission(permission, {
    grants: [{ ...HELD, ...grant }],
    mappings: new Map([
      ["ours", MAPPING],
      ["theirs", mappingOf({ viewer: '["theirs:read"]' })],
    ]),
    counted: new Set(["ours"]),
    isKnownProject: (id) => /^\d+$/.test(id),
  });
}

Deno.test("explainPermission() has one answer for each reason", () => {
  assert.equal(ask("posts:read").kind, "held");
  assert.equal(ask("posts:read", { scopes: "s" }).kind, "must_request");
  assert.equal(
    ask("posts:read", { why: "w", scopes: "s" }).kind,
    "not_counted",
  );
  assert.deepEqual(ask("posts:write"), {
    kind: "missing_role",
    names: ["editor"],
  });
  assert.deepEqual(
    ask("posts:write", { held: ["editor"], project: "77" }),
    { kind: "missing_role", names: ["editor"] },
  );
  assert.deepEqual(ask("secret:read"), {
    kind: "unreadable",
    names: ["admin"],
  });
  assert.deepEqual(ask("theirs:read"), {
    kind: "other_organization",
    names: ["theirs"],
  });
  assert.deepEqual(ask("POSTS:read"), {
    kind: "no_entry",
    names: ["posts:read"],
  });
  assert.deepEqual(ask("nothing"), { kind: "no_entry", names: [] });
});

Deno.test("explainPermission() names only the roles that grant it", () => {
  const answer = ask("posts:read", { held: ["viewer", "editor"] });
  assert.ok("by" in answer);
  assert.deepEqual(answer.by.map(({ held }) => held), [["viewer"]]);
});

Deno.test("nearestName() finds another case and up to two edits, and does not guess short names", () => {
  const names = ["posts:read", "posts:write", "a"];
  const cases: [string, string | undefined][] = [
    ["Posts:Read", "posts:read"],
    ["post:read", "posts:read"],
    ["posts:wrte", "posts:write"],
    ["posts:delete", undefined],
    ["b", undefined],
    ["A", "a"],
  ];
  for (const [name, expected] of cases) {
    assert.equal(nearestName(name, names), expected, name);
  }
});

Deno.test("describeAnswer() names a misspelled entry only for a role that has none", () => {
  const titleOf = (role: string, mapping: Record<string, string>) => {
    const grants = [{ ...HELD, held: [role] }];
    const facts = {
      grants,
      mappings: new Map([
        ["theirs", mappingOf({ editor: "[]" })],
        ["ours", mappingOf(mapping)],
      ]),
      counted: new Set(["ours"]),
      isKnownProject: () => false,
    };
    const answer = explainPermission("all:do", facts);
    const { title } = describeAnswer(answer, {
      ...{ ...NAMES, ...facts },
      permission: "all:do",
    });
    return title;
  };
  const Editor = '["all:do"]';
  assert.match(titleOf("editor", { Editor }), /^The entry “Editor” grants it/);
  assert.match(
    titleOf("editor", { editor: "[]", auditor: Editor }),
    /^Only auditor grants/,
  );
  assert.match(
    titleOf("editor", { "42:editor": "[]", editor: Editor }),
    /^Ann has editor, and another entry counts for it/,
  );
});

Deno.test("describeAnswer() names the entry of a mapping that counts", () => {
  const { text, entry } = describeAnswer(
    { kind: "no_entry", names: ["posts:read"] },
    {
      ...NAMES,
      permission: "posts:raed",
      mappings: new Map([
        ["theirs", mappingOf({ theirs: '["posts:read"]' })],
        ["ours", MAPPING],
      ]),
    },
  );
  assert.match(text, /^The entry “viewer” grants “posts:read”/);
  assert.deepEqual(entry, { organization: "ours", key: "viewer" });
});

Deno.test("describeAnswer() says what would let grants count, of one reason", () => {
  const describe = (...by: HeldRoles[]) => {
    const { title, text } = describeAnswer({ kind: "not_counted", by }, NAMES);
    return `${title}. ${text}`;
  };
  const { unlisted_project, unlisted_organization, inactive } = NOT_COUNTED;
  const held = ["admin", "viewer"];
  assert.equal(
    describe(
      { ...HELD, held, why: unlisted_project },
      { ...HELD, project: "43", why: inactive },
    ),
    "admin and viewer in 42 do not count: PROJECTS does not list the project. Granted in project 42 by ours (ours). If it should count, add 42 to PROJECTS, then restart the function.",
  );
  assert.match(
    describe({ ...HELD, why: unlisted_organization }),
    /^viewer in 42 does not count: .* add it to GRANTED_BY, then restart/,
  );
  assert.match(
    describe({ ...HELD, why: inactive }),
    /Activate the authorization/,
  );
});
