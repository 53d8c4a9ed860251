import assert from "node:assert/strict";
import { permissionsOfGrants } from "../../../lib/claims/permissions.ts";
import { FunctionError } from "../../../lib/errors.ts";
import { createRoleMapping } from "../../../lib/mapping/role_mapping.ts";
import { mappingOf } from "../mapping/_mapping.ts";

const grant = {
  projectId: "1",
  organization: "10",
  roles: ["admin", "viewer"],
};
const isKnownProject = (id: string) => /^\d+$/.test(id);

Deno.test("permissionsOfGrants() names each permission of a grant once, in order of first appearance", () => {
  const grants = [grant, {
    projectId: "2",
    organization: "20",
    roles: ["viewer", "picker", "unknown"],
  }];
  const one = mappingOf({
    viewer: "read,comment",
    admin: "write,read",
    "2:viewer": "pick,read",
    picker: "pick,stock",
  });
  assert.deepEqual(
    permissionsOfGrants(grants, { mappingOf: () => one, isKnownProject }),
    [
      {
        ...grant,
        permissions: ["write", "read", "comment"],
      },
      {
        ...grants[1],
        permissions: ["pick", "read", "stock"],
      },
    ],
  );
});

Deno.test("permissionsOfGrants() asks for the mapping of each grant", () => {
  const grants = [grant, { ...grant, organization: "20" }];
  const mappings: Record<string, ReturnType<typeof mappingOf>> = {
    "10": mappingOf({ viewer: "of-10" }),
    "20": mappingOf({ viewer: "of-20" }),
  };
  assert.deepEqual(
    permissionsOfGrants(grants, {
      mappingOf: ({ organization }) => mappings[organization]!,
      isKnownProject,
    }).map(({ permissions }) => permissions),
    [["of-10"], ["of-20"]],
  );
});

Deno.test("permissionsOfGrants() returns a grant without permissions when no role has an entry", () => {
  assert.deepEqual(
    permissionsOfGrants([grant], {
      mappingOf: () => mappingOf({}),
      isKnownProject,
    }),
    [{ ...grant, permissions: [] }],
  );
});

Deno.test("permissionsOfGrants() keeps a project with a chosen id away from another project's entries", () => {
  const mapping = mappingOf({
    "400930456041688102:ops:admin": "delete:all",
    "ops:admin": "plain",
  });
  const grants = [{
    ...grant,
    projectId: "400930456041688102:ops",
    roles: ["admin"],
  }, {
    ...grant,
    projectId: "7",
    roles: ["400930456041688102:ops:admin"],
  }];
  assert.deepEqual(
    permissionsOfGrants(grants, { mappingOf: () => mapping, isKnownProject })
      .map(({ permissions }) => permissions),
    [[], []],
  );
});

/** What a role permits that grants these names, to a user with so many grants. */
function permissionsOfMany(names: readonly string[], grants: number) {
  const mapping = createRoleMapping(new Map([["viewer", names]]));
  return permissionsOfGrants(
    Array.from({ length: grants }, (_, index) => ({
      ...grant,
      projectId: String(index),
      roles: ["viewer", "unknown"],
    })),
    { mappingOf: () => mapping, isKnownProject },
  );
}

function isLargeClaim(error: unknown): boolean {
  return error instanceof FunctionError && error.code === "upstream_failed" &&
    error.details.reason === "large_claim";
}

Deno.test("permissionsOfGrants() shares a role's list between grants", () => {
  const names = ["read", "write"];
  const granted = permissionsOfMany(names, 3);
  assert.equal(granted.length, 3);
  for (const { permissions } of granted) assert.equal(permissions, names);
});

Deno.test("permissionsOfGrants() refuses more permissions than any token carries", () => {
  const names = Array.from(
    { length: 50_000 / 50 },
    (_, index) => `p${index}`,
  );
  assert.equal(permissionsOfMany(names, 50).length, 50);
  assert.throws(() => permissionsOfMany(names, 51), isLargeClaim);
});

Deno.test("permissionsOfGrants() refuses longer permissions than any token carries", () => {
  const names = ["x".repeat(1_000_000 / 100)];
  assert.equal(permissionsOfMany(names, 100).length, 100);
  assert.throws(() => permissionsOfMany(names, 101), isLargeClaim);
});

Deno.test("permissionsOfGrants() refuses too many permissions before it copies any", () => {
  let reads = 0;
  const names = new Proxy(Array.from({ length: 10_000 }, String), {
    get(target, key) {
      if (typeof key === "string" && /^\d/.test(key)) reads++;
      return Reflect.get(target, key);
    },
  });
  assert.throws(() => permissionsOfMany(names, 200), isLargeClaim);
  // Each is read once for the size of the mapping.
  assert.ok(reads <= 50_000 + names.length, `read ${reads} names`);
});

Deno.test("permissionsOfGrants() takes 1,000 permissions of 40 characters", () => {
  const names = Array.from(
    { length: 1_000 },
    (_, index) => String(index).padStart(40, "p"),
  );
  assert.deepEqual(permissionsOfMany(names, 1)[0]!.permissions, names);
});

/** What a user of organization 10 gets by the role `viewer` of other organizations, each with a mapping of its own. */
function grantedByOthers(namesOf: Record<string, readonly string[]>) {
  const tooLong: string[] = [];
  const granted = permissionsOfGrants(
    ["10", ...Object.keys(namesOf).filter((id) => id !== "10")].map((
      organization,
    ) => ({ ...grant, organization, roles: ["viewer"] })),
    {
      mappingOf: ({ organization }) =>
        createRoleMapping(new Map([["viewer", namesOf[organization] ?? []]])),
      isKnownProject,
      isForeign: (organization) => organization !== "10",
      onTooLong: (organization) => tooLong.push(organization),
    },
  );
  return { organizations: granted.map((it) => it.organization), tooLong };
}

/** Names that take so many characters as JSON, with quotes and commas. */
function namesOfLength(length: number): string[] {
  return Array.from(
    { length: length / 100 },
    (_, index) => String(index).padStart(97, "p"),
  );
}

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

Deno.test("permissionsOfGrants() does not count what a foreign organization grants toward the refusal of large claims", () => {
  const many = Array.from({ length: 50_001 }, (_, index) => String(index));
  assert.deepEqual(grantedByOthers({ "10": ["read"], b: many }), {
    organizations: ["10"],
    tooLong: ["b"],
  });
});

Deno.test("permissionsOfGrants() counts the role names of a foreign organization too, since they can be a claim", () => {
  const tooLong: string[] = [];
  const roles = namesOfLength(9_000);
  const granted = permissionsOfGrants(
    [{ ...grant, organization: "b", roles }],
    {
      mappingOf: () => mappingOf({}),
      isKnownProject,
      isForeign: () => true,
      onTooLong: (organization) => tooLong.push(organization),
    },
  );
  assert.deepEqual(granted, []);
  assert.deepEqual(tooLong, ["b"]);
});

Deno.test("permissionsOfGrants() leaves out a grant without a mapping", () => {
  const grants = [grant, { ...grant, organization: "20" }];
  const one = mappingOf({ viewer: "read" });
  assert.deepEqual(
    permissionsOfGrants(grants, {
      mappingOf: ({ organization }) => organization === "10" ? one : undefined,
      isKnownProject,
    }),
    [{ ...grant, permissions: ["read"] }],
  );
});

Deno.test("permissionsOfGrants() leaves out a foreign organization whose roles repeat the same names, before it counts them as the user's", () => {
  const names = Array.from({ length: 800 }, (_, index) => `p${index}`);
  const roles = Array.from({ length: 64 }, (_, index) => `role-${index}`);
  const tooLong: string[] = [];
  const granted = permissionsOfGrants(
    [grant, { ...grant, organization: "b", roles }],
    {
      mappingOf: ({ organization }) =>
        organization === "b"
          ? createRoleMapping(roles.map((role) => [role, names]))
          : mappingOf({ viewer: "read" }),
      isKnownProject,
      isForeign: (organization) => organization === "b",
      onTooLong: (organization) => tooLong.push(organization),
    },
  );
  assert.deepEqual(granted.map(({ organization }) => organization), ["10"]);
  assert.deepEqual(tooLong, ["b"]);
});

Deno.test("permissionsOfGrants() looks at a bounded number of foreign names", () => {
  let reads = 0;
  const names = new Proxy(["a", "b"], {
    get(target, key) {
      if (key === "0") reads++;
      return Reflect.get(target, key);
    },
  });
  const mapping = createRoleMapping([["viewer", names]]);
  reads = 0;
  permissionsOfGrants(
    Array.from({ length: 50_000 }, (_, index) => ({
      ...grant,
      organization: `b${index % 100}`,
      roles: ["viewer"],
    })),
    { mappingOf: () => mapping, isKnownProject, isForeign: () => true },
  );
  assert.ok(reads <= 20_000, `${reads} reads`);
});

Deno.test("permissionsOfGrants() counts foreign names by the bytes that they take in a token", () => {
  const of = (name: string) =>
    Array.from({ length: 75 }, (_, index) => name.repeat(97) + index);
  assert.deepEqual(
    grantedByOthers({ "10": [], b: of("p") }).tooLong,
    [],
  );
  for (const name of ["\u304b", "<", "&"]) {
    assert.deepEqual(
      grantedByOthers({ "10": [], b: of(name) }).tooLong,
      ["b"],
      name,
    );
  }
});
