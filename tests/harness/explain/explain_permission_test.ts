import assert from "node:assert/strict";
import {
  answerPermission,
  type HeldRoles,
} from "../../../harness/explain/explain_permission.ts";
import { describeAnswer } from "../../../harness/explain/describe_answer.ts";
import { NOT_COUNTED } from "../../../harness/explain/explain.ts";
import { nearestName } from "../../../harness/cli/closest.ts";
import { testEach } from "../../_test_each.ts";
import { mappingOf } from "./_mapping.ts";

const MAPPING = {
  viewer: '["posts:read"]',
  editor: '["posts:write"]',
  "77:editor": '["billing:write"]',
  admin: btoa(btoa('["secret:read"]')),
};

const HELD: HeldRoles = {
  held: ["viewer"],
  project: "42",
  grantedBy: "ours",
  organization: "ours",
  why: undefined,
};

/** Asks about a user who has also a grant without roles of another organization. */
async function ask(
  permission: string,
  grant: Partial<HeldRoles> = {},
  mapping: Readonly<Record<string, string>> = MAPPING,
) {
  const grants = [
    { ...HELD, ...grant },
    { ...HELD, held: [], grantedBy: "theirs" },
  ];
  const theirs = { viewer: '["theirs:read"]', theirs: '["posts:read"]' };
  const { answer, mappings } = await answerPermission(permission, {
    grants,
    userOrganization: "ours",
    mappingOf: (id) =>
      Promise.resolve(mappingOf(id === "ours" ? mapping : theirs)),
    rules: { metadataOrganization: "user" },
  });
  const said = describeAnswer(answer, {
    permission,
    user: "Ann",
    grants,
    mappings,
    projectName: (id) => id,
    organizationName: (id) => id,
  });
  return { answer, ...said };
}

testEach<[string, Partial<HeldRoles>, string[]]>(
  "answerPermission() has one answer for each reason",
  {
    "held": ["posts:read", {}, ["viewer"]],
    "must_request": ["posts:read", { scopes: "s" }, ["viewer"]],
    "not_counted": ["posts:read", { why: "w", scopes: "s" }, ["viewer"]],
    "missing_role": ["posts:write", {}, ["editor"]],
    "unreadable": ["secret:read", {}, ["admin"]],
    "other_organization": ["theirs:read", {}, ["theirs"]],
    "no_entry": ["POSTS:read", {}, ["posts:read"]],
    "held: only the roles that grant it": ["posts:read", {
      held: ["viewer", "editor"],
    }, ["viewer"]],
    "missing_role: the project has another entry": ["posts:write", {
      held: ["editor"],
      project: "77",
    }, ["editor"]],
    "no_entry: none is similar": ["nothing", {}, []],
  },
  async (
    [permission, grant, names],
    name,
  ) => {
    const { answer } = await ask(permission, grant);
    assert.equal(answer.kind, name.split(":")[0]);
    const found = "by" in answer
      ? answer.by.flatMap(({ held }) => held)
      : answer.names;
    assert.deepEqual(found, names);
  },
);

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

const EDITOR = '["all:do"]';

testEach<[Record<string, string>, RegExp, string?]>(
  "describeAnswer() names a misspelled entry only for a role that has none, and keeps its project",
  {
    "another case": [
      { Editor: EDITOR },
      /^The entry “Editor” grants it/,
      "editor",
    ],
    "another case, of the project": [
      { "42:Editor": EDITOR },
      /^The entry “42:Editor” grants it, and Ann has “editor”/,
      "42:editor",
    ],
    "of another project": [
      { "43:Editor": EDITOR },
      /^Only Editor in 43|^Only 43:Editor/,
    ],
    "the role has one": [
      { editor: "[]", auditor: EDITOR },
      /^Only auditor grants/,
    ],
    "the project has one": [
      { "42:editor": "[]", editor: EDITOR },
      /^Ann has editor, and another entry counts for it/,
    ],
  },
  async (
    [mapping, expected, name],
  ) => {
    const { title, meant } = await ask("all:do", { held: ["editor"] }, mapping);
    assert.match(title, expected);
    assert.equal(meant, name);
  },
);

Deno.test("describeAnswer() describes the first of two reasons why grants do not count", () => {
  const { unlisted_project, inactive } = NOT_COUNTED;
  const by = [
    { ...HELD, held: ["admin", "viewer"], why: inactive },
    { ...HELD, project: "43", why: unlisted_project },
  ];
  const { title, text } = describeAnswer({ kind: "not_counted", by }, {
    permission: "",
    user: "",
    grants: by,
    mappings: new Map(),
    projectName: (id) => id,
    organizationName: (id) => id,
  });
  assert.equal(title, "admin and viewer in 42 do not count: it is not active");
  assert.match(text, /Activate the authorization/);
});
