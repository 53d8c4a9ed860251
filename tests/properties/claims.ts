/**
 * What holds for replies: nothing that ZITADEL would drop or log into the
 * token, nothing of earlier targets lost, every permission once and in order.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { roleGrants } from "../../lib/claims/grants.ts";
import { permissionsOfGrants } from "../../lib/claims/permissions.ts";
import {
  attributesReply,
  claimsReply,
  type Contents,
} from "../../lib/claims/reply.ts";
import { RESERVED_CLAIM_PREFIX } from "../../lib/config/claim_name.ts";
import { shapePermissions } from "../../lib/claims/shape.ts";
import { PERMISSIONS_SHAPES } from "../../lib/config/settings.ts";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import { anyJson, anyText, OBJECT_MEMBERS } from "./arbitraries.ts";
import { type Property, property } from "./property.ts";

const CLAIM = "permissions";

type Earlier<T> = readonly T[] | null;

function contents(permissions: readonly string[]): Contents {
  const grant = { projectId: "1", organization: "10", roles: ["viewer"] };
  return { claim: CLAIM, shape: "list", granted: [{ ...grant, permissions }] };
}

function claimsAfter(
  permissions: readonly string[],
  earlier: Earlier<{ key: string; value: unknown }>,
): { key: string; value: unknown }[] {
  const { body } = claimsReply(contents(permissions), earlier);
  // deno-lint-ignore no-explicit-any -- the reply is plain JSON
  return (body as any).append_claims;
}

function attributesAfter(
  permissions: readonly string[],
  earlier: Earlier<
    { name: string; name_format?: string | null; value?: string[] | null }
  >,
): { name: string; name_format: string; value: string[] }[] {
  const { body } = attributesReply(contents(permissions), earlier);
  // deno-lint-ignore no-explicit-any -- the reply is plain JSON
  return (body as any).append_attribute;
}

const anyName = fc.oneof(
  fc.constantFrom(CLAIM, "department", "tier", ...OBJECT_MEMBERS),
  fc.constantFrom("", ":org", ":user:metadata")
    .map((end) => RESERVED_CLAIM_PREFIX + end),
  anyText,
);
const anyPermissions = fc.uniqueArray(
  fc.oneof(fc.constantFrom("posts:read", "posts:write", "a", ""), anyText),
  { maxLength: 6 },
);
const earlierClaims = fc.option(
  fc.array(
    fc.record({
      key: anyName,
      value: fc.oneof(anyJson, anyPermissions),
    }, { noNullPrototype: true }),
    { maxLength: 6 },
  ),
);
const earlierAttributes = fc.option(
  fc.array(
    fc.record({
      name: anyName,
      name_format: fc.option(anyText),
      value: fc.option(fc.array(anyText, { maxLength: 4 })),
    }, { noNullPrototype: true }),
    { maxLength: 6 },
  ),
);
const anyGrants = fc.option(
  fc.array(
    fc.record({
      project_id: fc.constantFrom("1", "2", "3"),
      resource_owner: fc.constantFrom("10", "20"),
      state: fc.constantFrom(0, 1, 1, 1, 2, 1.5),
      roles: fc.option(
        fc.array(fc.oneof(fc.constantFrom("viewer", "editor"), anyName), {
          maxLength: 5,
        }),
        { nil: undefined },
      ),
    }),
    { maxLength: 6 },
  ),
);

/** What holds for replies. */
export const claimsProperties: readonly Property[] = [
  property(
    "claimsReply() sends no claim that ZITADEL drops or logs, and loses none of earlier targets",
    fc.property(anyPermissions, earlierClaims, (permissions, earlier) => {
      const append_claims = claimsAfter(permissions, earlier);
      const keys = append_claims.map(({ key }) => key);
      assert.equal(new Set(keys).size, keys.length, "a name is there twice");
      for (const key of keys) {
        assert.ok(!key.startsWith("urn:zitadel:iam"), `${key} is dropped`);
      }
      // Of claims of one name ZITADEL takes the first and logs the others.
      const expected = (earlier ?? []).filter(({ key }, index, all) =>
        key !== CLAIM && !key.startsWith("urn:zitadel:iam") &&
        all.findIndex((other) => other.key === key) === index
      );
      assert.deepEqual(append_claims.slice(0, -1), expected);
      assert.equal(keys.at(-1), CLAIM, "our claim is not the last");
    }),
  ),
  property(
    "claimsReply() keeps order, names each permission once, and merges an earlier array of strings",
    fc.property(anyPermissions, earlierClaims, (permissions, earlier) => {
      const append_claims = claimsAfter(permissions, earlier);
      const before = earlier?.find(({ key }) => key === CLAIM)?.value;
      const isList = Array.isArray(before) &&
        before.every((name) => typeof name === "string");
      const all = [...isList ? before : [], ...permissions];
      assert.deepEqual(
        append_claims.at(-1)?.value,
        all.filter((value, index) => all.indexOf(value) === index),
      );
    }),
  ),
  property(
    "claimsReply() of its own reply is that reply",
    fc.property(anyPermissions, earlierClaims, (permissions, earlier) => {
      const once = claimsAfter(permissions, earlier);
      assert.deepEqual(claimsAfter(permissions, once), once);
    }),
  ),
  property(
    "attributesReply() keeps earlier attributes, names each value once, and of its own reply makes that reply",
    fc.property(anyPermissions, earlierAttributes, (permissions, earlier) => {
      const append_attribute = attributesAfter(permissions, earlier);
      assert.deepEqual(
        append_attribute.slice(0, -1),
        (earlier ?? []).filter(({ name }) => name !== CLAIM),
      );
      const ours = append_attribute.at(-1)!;
      assert.equal(ours.name, CLAIM);
      const all = [
        ...(earlier ?? []).flatMap(({ name, value }) =>
          name === CLAIM ? value ?? [] : []
        ),
        ...permissions,
      ];
      assert.deepEqual(
        ours.value,
        all.filter((value, index) => all.indexOf(value) === index),
      );
      assert.deepEqual(
        attributesAfter(permissions, append_attribute),
        append_attribute,
      );
    }),
  ),
  property(
    "permissionsOfGrants() takes active grants only, in order of first appearance",
    fc.property(
      anyGrants,
      fc.dictionary(
        fc.constantFrom("viewer", "editor", "1:viewer", "2:editor"),
        // Others make their entry unreadable.
        anyPermissions.map((names) =>
          names.filter((name) => /^\P{Cc}+$/u.test(name))
        ),
      ),
      (grants, entries) => {
        const encoder = new TextEncoder();
        const mapping = parseRoleMapping(
          Object.entries(entries).map(([key, value]) => ({
            key,
            value: encoder.encode(JSON.stringify(value)),
          })),
        );
        const expected: string[] = [];
        for (const { project_id, state, roles } of grants ?? []) {
          if (state !== 1) continue;
          for (const role of roles ?? []) {
            const own = Object.hasOwn(entries, `${project_id}:${role}`)
              ? `${project_id}:${role}`
              : role;
            if (!Object.hasOwn(entries, own)) continue;
            for (const permission of entries[own]!) {
              if (!expected.includes(permission)) expected.push(permission);
            }
          }
        }
        const granted = permissionsOfGrants(
          roleGrants({ user_grants: grants }, {}),
          {
            mappingOf: () => mapping,
            isKnownProject: (id) => /^\d+$/.test(id),
          },
        );
        assert.deepEqual(shapePermissions("list", granted).value, expected);
      },
    ),
  ),
  property(
    "shapePermissions() says in every shape the same as in a list, per project and organization",
    fc.property(
      fc.array(
        fc.record({
          projectId: fc.oneof(fc.constantFrom("1", "2"), anyName),
          organization: fc.oneof(fc.constantFrom("10", "20"), anyName),
          permissions: fc.uniqueArray(fc.stringMatching(/^[a-z:]{1,6}$/)),
        }),
        { maxLength: 6 },
      ),
      (granted) => {
        const [list, string, byProject, byOrganization] = PERMISSIONS_SHAPES
          .map((shape) => shapePermissions(shape, granted).value);
        const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
        const all = sorted(granted.flatMap(({ permissions }) => permissions));
        assert.deepEqual(sorted(list as string[]), all);
        assert.deepEqual(
          sorted((string as string).split(" ").filter(Boolean)),
          all,
        );
        const projects = byProject as Record<string, string[]>;
        assert.deepEqual(sorted(Object.values(projects).flat()), all);
        const organizations = byOrganization as Record<string, typeof projects>;
        for (const { projectId, organization, permissions } of granted) {
          for (const permission of permissions) {
            assert.ok(projects[projectId]!.includes(permission));
            assert.ok(
              organizations[organization]![projectId]!.includes(permission),
            );
          }
        }
      },
    ),
  ),
];
