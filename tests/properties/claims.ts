/**
 * What holds for replies: nothing that ZITADEL would drop or log into the
 * token, nothing of earlier targets lost, every permission once and in order.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  attributesReply,
  claimsReply,
  type Contents,
} from "../../lib/claims/reply.ts";
import { RESERVED_CLAIM_PREFIX } from "../../lib/config/claim_name.ts";
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
];
