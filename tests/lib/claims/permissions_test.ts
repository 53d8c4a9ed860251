import assert from "node:assert/strict";
import { permissionsOfGrants } from "../../../lib/claims/permissions.ts";
import { createRoleMapping } from "../../../lib/mapping/role_mapping.ts";
import { fails } from "../_fails.ts";
import { mappingOf } from "../mapping/_mapping.ts";

type Options = Parameters<typeof permissionsOfGrants>[1];

const grant = {
  projectId: "1",
  organization: "10",
  roles: ["admin", "viewer"],
};
const isKnownProject = (id: string) => /^\d+$/.test(id);
const numbers = (length: number) => Array.from({ length }, (_, i) => `${i}`);

/** The permissions of grants whose mappings are by organization, or the same for all. */
function permissionsOf(
  grants: Parameters<typeof permissionsOfGrants>[0],
  mappings: ReturnType<typeof mappingOf> | Options["mappingOf"],
  options: Partial<Options> = {},
) {
  const of = typeof mappings === "function" ? mappings : () => mappings;
  return permissionsOfGrants(grants, {
    mappingOf: of,
    isKnownProject,
    ...options,
  });
}

Deno.test("permissionsOfGrants() names each permission of a grant once, in order of first appearance", () => {
  const second = {
    projectId: "2",
    organization: "20",
    roles: ["viewer", "picker", "unknown"],
  };
  const mapping = mappingOf({
    viewer: "read,comment",
    admin: "write,read",
    "2:viewer": "pick,read",
    picker: "pick,stock",
  });
  assert.deepEqual(permissionsOf([grant, second], mapping), [
    { ...grant, permissions: ["write", "read", "comment"] },
    { ...second, permissions: ["pick", "read", "stock"] },
  ]);
  assert.deepEqual(permissionsOf([grant], mappingOf({})), [
    { ...grant, permissions: [] },
  ]);
});

/** What a role permits that grants these names, to a user with so many grants. */
function permissionsOfMany(names: readonly string[], grants: number) {
  const mapping = createRoleMapping([["viewer", names]]);
  return permissionsOf(
    numbers(grants).map((projectId) => ({
      ...grant,
      projectId,
      roles: ["viewer", "unknown"],
    })),
    mapping,
  );
}

const isLargeClaim = fails("upstream_failed", "large_claim");

Deno.test("permissionsOfGrants() shares a role's list between grants", () => {
  const names = ["read", "write"];
  for (const { permissions } of permissionsOfMany(names, 3)) {
    assert.equal(permissions, names);
  }
});

Deno.test("permissionsOfGrants() refuses more or longer permissions than any token carries", () => {
  const many = numbers(50_000 / 50);
  assert.equal(permissionsOfMany(many, 50).length, 50);
  assert.throws(() => permissionsOfMany(many, 51), isLargeClaim);
  const long = ["x".repeat(1_000_000 / 100)];
  assert.equal(permissionsOfMany(long, 100).length, 100);
  assert.throws(() => permissionsOfMany(long, 101), isLargeClaim);
});

/** Names, and how often one of them was read. */
function counted(names: string[]) {
  const state = { reads: 0 };
  const proxy = new Proxy(names, {
    get(target, key) {
      if (typeof key === "string" && /^\d/.test(key)) state.reads++;
      return Reflect.get(target, key);
    },
  });
  return { names: proxy, state };
}

Deno.test("permissionsOfGrants() refuses too many permissions before it copies any", () => {
  const { names, state } = counted(numbers(10_000));
  assert.throws(() => permissionsOfMany(names, 200), isLargeClaim);
  // Each is read once for the size of the mapping.
  assert.ok(state.reads <= 50_000 + names.length, `read ${state.reads} names`);
});

/** What a user of organization 10 gets by the role `viewer` of other organizations, each with a mapping of its own. */
function grantedByOthers(
  namesOf: Record<string, readonly string[]>,
  roles = ["viewer"],
) {
  const tooLong: string[] = [];
  const organizations = new Set(["10", ...Object.keys(namesOf)]);
  const granted = permissionsOf(
    [...organizations].map((it) => ({ ...grant, organization: it, roles })),
    ({ organization }) => {
      const names = namesOf[organization] ?? [];
      return createRoleMapping(roles.map((role) => [role, names]));
    },
    {
      isForeign: (organization) => organization !== "10",
      onTooLong: (organization) => tooLong.push(organization),
    },
  );
  return { organizations: granted.map((it) => it.organization), tooLong };
}

/** Names that take so many characters as JSON, with quotes and commas. */
const namesOfLength = (length: number) =>
  numbers(length / 100).map((number) => number.padStart(97, "p"));

Deno.test("permissionsOfGrants() leaves out foreign organizations that do not fit into 8,000 characters together, in their order", () => {
  assert.deepEqual(
    grantedByOthers({
      "10": namesOfLength(20_000),
      "b1": namesOfLength(5_000),
      "b2": namesOfLength(5_000),
      "b3": namesOfLength(2_000),
    }),
    { organizations: ["10", "b1", "b3"], tooLong: ["b2"] },
  );
});

Deno.test("permissionsOfGrants() counts foreign names by the bytes that they take in a token", () => {
  const of = (name: string) =>
    numbers(75).map((number) => name.repeat(97) + number);
  assert.deepEqual(grantedByOthers({ b: of("p") }).tooLong, []);
  for (const name of ["\u304b", "<", "&"]) {
    assert.deepEqual(grantedByOthers({ b: of(name) }).tooLong, ["b"], name);
  }
});

Deno.test("permissionsOfGrants() does not count what a foreign organization grants toward the refusal of large claims", () => {
  const expected = { organizations: ["10"], tooLong: ["b"] };
  assert.deepEqual(grantedByOthers({ b: numbers(50_001) }), expected);
  // Nor the same names of many roles.
  const roles = numbers(64);
  assert.deepEqual(grantedByOthers({ b: numbers(800) }, roles), expected);
});

Deno.test("permissionsOfGrants() counts the role names of a foreign organization too, since they can be a claim", () => {
  const roles = namesOfLength(9_000);
  assert.deepEqual(grantedByOthers({ b: [] }, roles).tooLong, ["b"]);
});

Deno.test("permissionsOfGrants() looks at a bounded number of foreign names", () => {
  const { names, state } = counted(["a", "b"]);
  const mapping = createRoleMapping([["viewer", names]]);
  state.reads = 0;
  const grants = numbers(50_000).map((number) => ({
    ...grant,
    organization: `b${Number(number) % 100}`,
    roles: ["viewer"],
  }));
  permissionsOf(grants, mapping, { isForeign: () => true });
  assert.ok(state.reads <= 40_000, `${state.reads} reads`);
});
