/**
 * The replies to functions that issue claims (`preaccesstoken`, `preuserinfo`)
 * and to the one that issues SAML attributes (`presamlresponse`).
 *
 * @module
 */
import type { PermissionsShape } from "../config/settings.ts";
import type { AppendedAttribute, AppendedClaim } from "../request/payload.ts";
import { distinct } from "../util/distinct.ts";
import type { GrantedPermissions } from "./grants.ts";
import { RESERVED_CLAIM_PREFIX } from "../config/reserved_claims.ts";
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
  /** The form of the permissions claim. */
  readonly shape: PermissionsShape;
  /** What each grant permits. */
  readonly granted: readonly GrantedPermissions[];
  /** The name of the claim with role names; `undefined` for none. */
  readonly rolesClaim?: string | undefined;
  /** The names of the roles. */
  readonly roles: readonly string[];
}

/** A claim that the function adds. */
export interface AddedClaim extends ShapedValue<unknown> {
  /** The claim's or attribute's name. */
  readonly name: string;
}

/** A reply, and the claims of ours in it. */
export interface Reply {
  /** The reply's JSON value. */
  readonly body: unknown;
  /** The claims that the function added, the permissions first. */
  readonly added: readonly AddedClaim[];
}

/**
 * Builds the reply to `preaccesstoken` and `preuserinfo`. ZITADEL lets a later
 * target's list replace the earlier one, so the earlier claims are repeated,
 * without those that ZITADEL would drop or log into the token: claims under its
 * own prefix, and a second claim of the same name.
 *
 * @param contents What to add.
 * @param earlier What earlier targets appended (`response.append_claims`).
 * @returns The reply.
 */
export function claimsReply(
  contents: Contents,
  earlier?: readonly AppendedClaim[] | null,
): Reply {
  const kept = new Map<string, unknown>();
  for (const { key, value } of earlier ?? []) {
    if (key.startsWith(RESERVED_CLAIM_PREFIX) || kept.has(key)) continue;
    kept.set(key, value);
  }
  const { claim, shape, granted, rolesClaim, roles } = contents;
  const added: AddedClaim[] = [{
    name: claim,
    ...shapePermissions(shape, granted, kept.get(claim)),
  }];
  if (rolesClaim !== undefined) {
    added.push({
      name: rolesClaim,
      ...shapeNames(shape, distinct(roles), kept.get(rolesClaim)),
    });
  }
  const append_claims: AppendedClaim[] = [];
  for (const { name } of added) kept.delete(name);
  for (const [key, value] of kept) append_claims.push({ key, value });
  for (const { name, value } of added) append_claims.push({ key: name, value });
  return { body: { append_claims }, added };
}

/**
 * Builds the reply to `presamlresponse`: the same claims as multi-valued SAML
 * attributes, after those of earlier targets.
 *
 * @param contents What to add.
 * @param earlier What earlier targets appended (`response.append_attribute`).
 * @returns The reply.
 */
export function attributesReply(
  contents: Contents,
  earlier?: readonly AppendedAttribute[] | null,
): Reply {
  const { claim, shape, granted, rolesClaim, roles } = contents;
  const valuesOf = (name: string) =>
    (earlier ?? []).filter((attribute) => attribute.name === name)
      .flatMap(({ value }) => value ?? []);
  const added: (AddedClaim & ShapedValue<readonly string[]>)[] = [{
    name: claim,
    ...shapeAttribute(shape, granted, valuesOf(claim)),
  }];
  if (rolesClaim !== undefined) {
    added.push({
      name: rolesClaim,
      ...shapeAttributeNames(shape, distinct(roles), valuesOf(rolesClaim)),
    });
  }
  const ours = new Set(added.map(({ name }) => name));
  return {
    body: {
      append_attribute: [
        ...(earlier ?? []).filter(({ name }) => !ours.has(name)),
        ...added.map(({ name, value }) => ({
          name,
          name_format: ATTRIBUTE_NAME_FORMAT,
          value,
        })),
      ],
    },
    added,
  };
}
