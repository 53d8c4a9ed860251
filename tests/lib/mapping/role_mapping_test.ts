import assert from "node:assert/strict";
import {
  knownProjects,
  MAX_MAPPING_BYTES,
  parseRoleMapping,
  permissionsOf,
  type RoleMapping,
} from "../../../lib/mapping/role_mapping.ts";
import { mappingOf } from "./_mapping.ts";

/** Looks a role up in a call whose grants are of some projects. */
function look(
  mapping: RoleMapping,
  projectId: string,
  role: string,
  { projects, granted = [projectId] }: {
    readonly projects?: readonly string[];
    readonly granted?: readonly string[];
  } = {},
): readonly string[] | undefined {
  const listed = projects && new Set(projects);
  return permissionsOf(
    mapping,
    { projectId, role },
    knownProjects(listed, granted),
  );
}

Deno.test("parseRoleMapping() keeps what is right beside what is wrong", () => {
  const { plain, unreadable } = mappingOf({
    viewer: '["read"]',
    broken: '["read"',
    editor: "read,write",
    constructor: "a",
    ["__proto__"]: "b",
  });
  assert.deepEqual(plain.get("viewer"), ["read"]);
  assert.deepEqual(plain.get("editor"), ["read", "write"]);
  assert.deepEqual(plain.get("constructor"), ["a"]);
  assert.deepEqual(plain.get("__proto__"), ["b"]);
  assert.deepEqual(plain.get("broken"), []);
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
  const { plain, unreadable } = parseRoleMapping([
    { key: "1:viewer", value: undefined },
  ]);
  assert.deepEqual(plain.get("1:viewer"), []);
  assert.deepEqual(unreadable, ["1:viewer"]);
});

Deno.test("parseRoleMapping() gives an empty mapping when there is no metadata", () => {
  const { plain, qualified, unreadable } = parseRoleMapping([]);
  assert.equal(plain.size + qualified.size, 0);
  assert.deepEqual(unreadable, []);
});

Deno.test("permissionsOf() prefers the project's own entry", () => {
  const mapping = mappingOf({ viewer: "a", "1:viewer": "b", "2:viewer": "[]" });
  assert.deepEqual(look(mapping, "1", "viewer"), ["b"]);
  assert.deepEqual(look(mapping, "2", "viewer"), []);
  assert.deepEqual(look(mapping, "3", "viewer"), ["a"]);
});

Deno.test("permissionsOf() gives nothing when there is no entry", () => {
  const mapping = mappingOf({ viewer: "a" });
  for (const role of ["Viewer", "viewer ", "", "constructor", "__proto__"]) {
    assert.equal(look(mapping, "1", role), undefined);
  }
});

Deno.test("permissionsOf() does not fall back to the plain role when the project's entry is broken", () => {
  const mapping = mappingOf({ viewer: "a", "1:viewer": '["b"' });
  assert.deepEqual(look(mapping, "1", "viewer"), []);
});

Deno.test("permissionsOf() keeps a role named like another project's entry from its permissions", async (t) => {
  const mapping = mappingOf({ "1:admin": "a", "x:admin": "b" });
  await t.step("whose id is ZITADEL's own", () => {
    assert.equal(look(mapping, "2", "1:admin"), undefined);
    assert.deepEqual(look(mapping, "1", "admin"), ["a"]);
  });
  await t.step("whose id is listed", () => {
    const projects = ["x", "2"];
    assert.equal(look(mapping, "2", "x:admin", { projects }), undefined);
    assert.deepEqual(look(mapping, "x", "admin", { projects }), ["b"]);
  });
  await t.step("whose id the call's grants name", () => {
    const granted = ["2", "x"];
    assert.equal(look(mapping, "2", "x:admin", { granted }), undefined);
  });
  await t.step("but for a chosen id that is not known", () => {
    assert.deepEqual(look(mapping, "2", "x:admin"), ["b"]);
  });
});

Deno.test("permissionsOf() keeps a project whose id has a colon from another project's entries", () => {
  const victim = "400930456041688102";
  const mapping = mappingOf({
    [`${victim}:ops:admin`]: '["delete:all"]',
    [`${victim}:admin`]: '["all:write"]',
  });
  assert.deepEqual(look(mapping, victim, "ops:admin"), ["delete:all"]);
  assert.equal(look(mapping, `${victim}:ops`, "admin"), undefined);
  assert.equal(look(mapping, `${victim}:`, "admin"), undefined);
  assert.equal(look(mapping, "", `${victim}:admin`), undefined);
});

Deno.test("permissionsOf() finds a plain role whose name has a colon", () => {
  const mapping = mappingOf({ "create:mobile": "a" });
  assert.deepEqual(look(mapping, "1", "create:mobile"), ["a"]);
});

Deno.test("parseRoleMapping() counts all that grows with the metadata", async (t) => {
  const size = (values: Record<string, string>) => mappingOf(values).bytes;
  const least = size({ a: '["b"]' });
  const cases: [string, Record<string, string>, number][] = [
    ["each character of a key", { ["a".repeat(1_001)]: '["b"]' }, 2_000],
    [
      "each character of a permission",
      { a: `["${"b".repeat(1_001)}"]` },
      2_000,
    ],
    ["each permission", { a: '["b","c","d"]' }, 2 * (24 + 2)],
    ["each role", { a: '["b"]', b: "[]", c: "[]" }, 2 * (64 + 2)],
    ["a role that names its project", { "1:a": '["b"]' }, 2 * 2 + 192 + 48],
    [
      "each role of a project, and the project once",
      { "1:a": '["b"]', "1:b": "[]" },
      2 * 2 + 192 + 2 * 48 + 64 + 2 * 3,
    ],
    [
      "each project",
      { "1:a": '["b"]', "2:a": "[]" },
      2 * 2 + 2 * (192 + 48) + 64 + 2 * 3,
    ],
  ];
  for (const [name, values, more] of cases) {
    await t.step(name, () => assert.equal(size(values) - least, more));
  }
  await t.step("and little for an organization without metadata", () => {
    assert.equal(size({}), 64);
  });
});

Deno.test("MAX_MAPPING_BYTES has room for 10,000 roles", () => {
  const value = '["role-0000:read","role-0000:write"]';
  const { bytes: size } = mappingOf(Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`role-${index}`, value]),
  ));
  assert.ok(size < MAX_MAPPING_BYTES, String(size));
  assert.ok(size > MAX_MAPPING_BYTES / 2, String(size));
});

Deno.test("MAX_MAPPING_BYTES has room for 7,500 roles that name their project", () => {
  const value = '["role-0000:read","role-0000:write"]';
  const { bytes: size } = mappingOf(Object.fromEntries(
    Array.from(
      { length: 7_500 },
      (_, index) => [`400925124561210406:role-${index}`, value],
    ),
  ));
  assert.ok(size < MAX_MAPPING_BYTES, String(size));
  assert.ok(size > MAX_MAPPING_BYTES / 2, String(size));
});
