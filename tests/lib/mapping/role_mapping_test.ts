import assert from "node:assert/strict";
import {
  knownProjects,
  parseRoleMapping,
  permissionsOf,
} from "../../../lib/mapping/role_mapping.ts";
import { testEach } from "../../_test_each.ts";
import { mappingOf } from "./_mapping.ts";

const VICTIM = "400930456041688102";

Deno.test("parseRoleMapping() keeps what is right beside what is wrong", () => {
  const { plain, unreadable } = mappingOf({
    viewer: '["read"]',
    broken: '["read"',
    constructor: "a",
    ["__proto__"]: "b",
  });
  assert.deepEqual([...plain], [
    ["viewer", ["read"]],
    ["broken", []],
    ["constructor", ["a"]],
    ["__proto__", ["b"]],
  ]);
  assert.deepEqual(unreadable, ["broken"]);
});

Deno.test("parseRoleMapping() splits keys at the first colon", () => {
  const { qualified } = mappingOf({ "1:a:b": "x", "1:c": "y", ":d": "z" });
  assert.deepEqual(
    [...qualified].map(([id, roles]) => [id, [...roles]]),
    [["1", [["a:b", ["x"]], ["c", ["y"]]]], ["", [["d", ["z"]]]]],
  );
});

Deno.test("parseRoleMapping() reports a value that was dropped while it was read", () => {
  const entry = { key: "1:viewer", value: undefined };
  const { plain, unreadable } = parseRoleMapping([entry]);
  assert.deepEqual(plain.get("1:viewer"), []);
  assert.deepEqual(unreadable, ["1:viewer"]);
});

const MAPPING = mappingOf({
  viewer: "a",
  "1:viewer": "b",
  "2:viewer": "[]",
  "4:viewer": '["b"',
  "1:admin": "c",
  "x:admin": "d",
  "create:mobile": "e",
  [`${VICTIM}:ops:admin`]: "f",
  [`${VICTIM}:admin`]: "g",
});

/** `projects` is the setting; `granted` are the projects of the call's grants. */
interface Known {
  readonly projects?: string[];
  readonly granted?: string[];
}

testEach<
  [projectId: string, role: string, expected?: string[] | undefined, Known?]
>(
  "permissionsOf() looks at the project's own entry, then at the plain one",
  {
    "the project's own entry": ["1", "viewer", ["b"]],
    "an own entry that grants nothing": ["2", "viewer", []],
    "an own entry that is broken": ["4", "viewer", []],
    "the plain entry": ["3", "viewer", ["a"]],
    "a plain role whose name has a colon": ["1", "create:mobile", ["e"]],
    "no entry": ["1", "editor"],
    "a name in another case": ["1", "Viewer"],
    "a name with a space": ["1", "viewer "],
    "a name that objects have": ["1", "constructor"],
    "another project's entry, of an id of ZITADEL's": ["2", "1:admin"],
    "another project's entry, of a listed id": ["2", "x:admin", undefined, {
      projects: ["x", "2"],
    }],
    "another project's entry, of an id that the grants name": [
      "2",
      "x:admin",
      undefined,
      { granted: ["2", "x"] },
    ],
    "an entry of a chosen id that is not known": ["2", "x:admin", ["d"]],
    "an own entry of a role with a colon": [VICTIM, "ops:admin", ["f"]],
    "a project whose id has a colon": [`${VICTIM}:ops`, "admin"],
    "a project whose id ends in a colon": [`${VICTIM}:`, "admin"],
    "a project without an id": ["", `${VICTIM}:admin`],
  },
  ([projectId, role, expected, { projects, granted = [projectId] } = {}]) => {
    const isKnown = knownProjects(projects && new Set(projects), granted);
    const permissions = permissionsOf(MAPPING, { projectId, role }, isKnown);
    assert.deepEqual(permissions, expected);
  },
);

const size = (values: Record<string, string>) => mappingOf(values).bytes;

testEach<[values: Record<string, string>, more: number]>(
  "parseRoleMapping() counts all that grows with the metadata",
  {
    "each character of a key": [{ ["a".repeat(1_001)]: '["b"]' }, 2_000],
    "each character of a permission": [
      { a: `["${"b".repeat(1_001)}"]` },
      2_000,
    ],
    "each permission": [{ a: '["b","c","d"]' }, 2 * (24 + 2)],
    "each role": [{ a: '["b"]', b: "[]", c: "[]" }, 2 * (64 + 2)],
    "a role that names its project": [{ "1:a": '["b"]' }, 2 * 2 + 192 + 48],
    "each role of a project, and the project once": [
      { "1:a": '["b"]', "1:b": "[]" },
      2 * 2 + 192 + 2 * 48 + 64 + 2 * 3,
    ],
    "each project": [
      { "1:a": '["b"]', "2:a": "[]" },
      2 * 2 + 2 * (192 + 48) + 64 + 2 * 3,
    ],
    "little for an organization without metadata": [
      {},
      64 - size({ a: '["b"]' }),
    ],
  },
  ([values, more]) => assert.equal(size(values) - size({ a: '["b"]' }), more),
);
