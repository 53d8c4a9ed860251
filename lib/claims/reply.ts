/**
 * The replies to functions that issue claims (`preaccesstoken`, `preuserinfo`)
 * and to the one that issues SAML attributes (`presamlresponse`).
 *
 * @module
 */
import { RESERVED_CLAIM_PREFIX } from "../config/reserved_claims.ts";
import type { PermissionsShape } from "../config/settings.ts";
import type { AppendedAttribute, AppendedClaim } from "../request/payload.ts";
import { isSameName } from "../util/claim_name.ts";
import { distinct } from "../util/distinct.ts";
import type { Granted } from "./permissions.ts";
import {
  shapeAttribute,
  shapeAttributeNames,
  type ShapedValue,
  shapeNames,
  shapePermissions,
} from "./shape.ts";

/** The format of a plainly named SAML attribute (SAML 2.0 core, 8.2.3). */
export const ATTRIBUTE_NAME_FORMAT =
  "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";

/** What the function adds to a token or an assertion. */
export interface Contents {
  /** The name of the permissions claim. */
  readonly claim: string;
  readonly shape: PermissionsShape;
  readonly granted: readonly Granted[];
  /** The name of the claim with role names, if there is one. */
  readonly rolesClaim?: string | undefined;
}

/** A claim or attribute that the function adds. */
export interface AddedClaim extends ShapedValue {
  readonly name: string;
}

/** A reply's JSON value, and the claims of ours in it: the permissions first. */
export interface Reply {
  readonly body: unknown;
  readonly added: readonly AddedClaim[];
}

/**
 * Builds the reply to `preaccesstoken` and `preuserinfo`. ZITADEL lets a later
 * target's list replace the earlier one, so the earlier claims are repeated,
 * without those that ZITADEL would drop or log into the token: claims under its
 * own prefix, and a second claim of the same name. Those that a consumer could
 * take for ours are merged into ours.
 */
export function claimsReply(
  { claim, shape, granted, rolesClaim }: Contents,
  earlier?: readonly AppendedClaim[] | null,
): Reply {
  const kept = new Map<string, unknown>();
  for (const { key, value } of earlier ?? []) {
    if (key.startsWith(RESERVED_CLAIM_PREFIX) || kept.has(key)) continue;
    kept.set(key, value);
  }
  const take = (name: string) => takeNamed(kept, name);
  const added: AddedClaim[] = [{
    name: claim,
    ...shapePermissions(shape, granted, take(claim)),
  }];
  if (rolesClaim !== undefined) {
    const shaped = shapeNames(shape, rolesOf(granted), take(rolesClaim));
    added.push({ name: rolesClaim, ...shaped });
  }
  const append_claims = [
    ...Array.from(kept, ([key, value]) => ({ key, value })),
    ...added.map(({ name, value }) => ({ key: name, value })),
  ];
  return { body: { append_claims }, added };
}

/** Removes the claims of a name, however it is written, and returns their values. */
function takeNamed(claims: Map<string, unknown>, name: string): unknown[] {
  const values: unknown[] = [];
  for (const [key, value] of claims) {
    if (!isSameName(key, name)) continue;
    claims.delete(key);
    values.push(value);
  }
  return values;
}

/**
 * Builds the reply to `presamlresponse`: the same claims as multi-valued SAML
 * attributes, after those of earlier targets.
 */
export function attributesReply(
  { claim, shape, granted, rolesClaim }: Contents,
  earlier?: readonly AppendedAttribute[] | null,
): Reply {
  const valuesOf = (name: string) =>
    (earlier ?? []).filter((attribute) => isSameName(attribute.name, name))
      .flatMap(({ value }) => value ?? []);
  const added = [{
    name: claim,
    ...shapeAttribute(shape, granted, valuesOf(claim)),
  }];
  if (rolesClaim !== undefined) {
    const roles = rolesOf(granted);
    const shaped = shapeAttributeNames(shape, roles, valuesOf(rolesClaim));
    added.push({ name: rolesClaim, ...shaped });
  }
  const isOurs = (name: string) =>
    added.some((ours) => isSameName(ours.name, name));
  const append_attribute = [
    ...(earlier ?? []).filter(({ name }) => !isOurs(name)),
    ...added.map(({ name, value }) => ({
      name,
      name_format: ATTRIBUTE_NAME_FORMAT,
      value,
    })),
  ];
  return { body: { append_attribute }, added };
}

function rolesOf(granted: readonly Granted[]): readonly string[] {
  return distinct(granted.flatMap(({ roles }) => roles));
}
