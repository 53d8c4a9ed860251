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

/** What a user with these permissions gets. */
function contents(permissions: readonly string[]): Contents {
  const grant = { projectId: "1", organization: "10", roles: ["viewer"] };
  return { claim: CLAIM, shape: "list", granted: [{ ...grant, permissions }] };
}

type Claims = { key: string; value: unknown }[];
type Attributes = { name: string; value?: string[] | null }[];

function claimsAfter(permissions: string[], earlier: Claims | null): Claims {
  const { body } = claimsReply(contents(permissions), earlier);
  return (body as unknown as { append_claims: Claims }).append_claims;
}

function attributesAfter(
  permissions: string[],
  earlier: Attributes | null,
): Attributes {
  const { body } = attributesReply(contents(permissions), earlier);
  return (body as unknown as { append_attribute: Attributes }).append_attribute;
}

const distinct = <T>(values: T[]) => [...new Set(values)];

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
/** Entries, of which no permission makes one unreadable. */
const anyEntries = fc.dictionary(
  fc.constantFrom("viewer", "editor", "1:viewer", "2:editor"),
  anyPermissions.map((names) => names.filter((it) => /^\P{Cc}+$/u.test(it))),
);

/** What holds for replies. */
export const claimsProperties: readonly Property[] = [
  property(
    "claimsReply() sends no claim that ZITADEL drops or logs, loses none of earlier targets, merges an array of strings, and of its own reply makes that reply",
    fc.property(anyPermissions, earlierClaims, (permissions, earlier) => {
      const claims = claimsAfter(permissions, earlier);
      // Of claims of one name ZITADEL takes the first and logs the others.
      const others = (earlier ?? []).filter(({ key }, index, all) =>
        key !== CLAIM && !key.startsWith("urn:zitadel:iam") &&
        all.findIndex((other) => other.key === key) === index
      );
      const before = earlier?.find(({ key }) => key === CLAIM)?.value;
      const isList = Array.isArray(before) &&
        before.every((name) => typeof name === "string");
      const value = distinct([...isList ? before : [], ...permissions]);
      assert.deepEqual(claims, [...others, { key: CLAIM, value }]);
      assert.deepEqual(claimsAfter(permissions, claims), claims);
    }),
  ),
  property(
    "attributesReply() keeps earlier attributes, names each value once, and of its own reply makes that reply",
    fc.property(anyPermissions, earlierAttributes, (permissions, earlier) => {
      const attributes = attributesAfter(permissions, earlier);
      const isOurs = ({ name }: { name: string }) => name === CLAIM;
      const others = (earlier ?? []).filter((it) => !isOurs(it));
      assert.deepEqual(attributes.slice(0, -1), others);
      const { name, value } = attributes.at(-1)!;
      assert.equal(name, CLAIM);
      const before = (earlier ?? []).filter(isOurs)
        .flatMap(({ value }) => value ?? []);
      assert.deepEqual(value, distinct([...before, ...permissions]));
      assert.deepEqual(attributesAfter(permissions, attributes), attributes);
    }),
  ),
  property(
    "permissionsOfGrants() takes active grants only, in order of first appearance",
    fc.property(anyGrants, anyEntries, (grants, entries) => {
      const encoder = new TextEncoder();
      const mapping = parseRoleMapping(
        Object.entries(entries).map(([key, value]) => ({
          key,
          value: encoder.encode(JSON.stringify(value)),
        })),
      );
      const expected = (grants ?? []).filter(({ state }) => state === 1)
        .flatMap(({ project_id, roles }) =>
          (roles ?? []).flatMap((role) => {
            const own = `${project_id}:${role}`;
            const key = Object.hasOwn(entries, own) ? own : role;
            return Object.hasOwn(entries, key) ? entries[key]! : [];
          })
        );
      const granted = permissionsOfGrants(
        roleGrants({ user_grants: grants }, {}),
        { mappingOf: () => mapping, isKnownProject: (id) => /^\d+$/.test(id) },
      );
      const { value } = shapePermissions("list", granted);
      assert.deepEqual(value, distinct(expected));
    }),
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
