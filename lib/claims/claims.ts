import type {
  AppendedAttribute,
  AppendedClaim,
  UserGrant,
} from "../request/payload.ts";
import { GRANT_STATE_ACTIVE } from "../request/payload.ts";
import {
  knownProjects,
  permissionsOf,
  type RoleMapping,
} from "../mapping/role_mapping.ts";

/** Claims under this prefix are ZITADEL's own; it drops others' without a word. */
export const RESERVED_CLAIM_PREFIX = "urn:zitadel:iam";

/**
 * A claim over this size is pointed out: a token travels in a header, and
 * proxies cut headers near 8 kB.
 */
export const LARGE_CLAIM_BYTES = 4_096;

/** The format of a plainly named SAML attribute (SAML 2.0 core, 8.2.3). */
export const ATTRIBUTE_NAME_FORMAT =
  "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";

/** A grant in force that names at least one role. */
export interface RoleGrant {
  /** The project that the roles belong to. */
  readonly projectId: string;
  /** The organization that gave the grant. */
  readonly resourceOwner: string;
  /** The names of the roles. */
  readonly roles: readonly string[];
}

/**
 * Picks what grants something: active grants that name a role.
 *
 * @param grants The payload's `user_grants`; absent where there is nothing to list.
 * @returns The grants in their order.
 */
export function roleGrants(
  grants: readonly UserGrant[] | null | undefined,
): RoleGrant[] {
  const result: RoleGrant[] = [];
  for (const grant of grants ?? []) {
    if (grant.state !== GRANT_STATE_ACTIVE || !grant.roles?.length) continue;
    result.push({
      projectId: grant.project_id,
      resourceOwner: grant.resource_owner,
      roles: grant.roles,
    });
  }
  return result;
}

/**
 * Maps roles to permissions.
 *
 * @param grants The user's grants.
 * @param mappingOf Gives the mapping that counts for a grant.
 * @returns The permissions in order of first appearance, each once.
 */
export function collectPermissions(
  grants: readonly RoleGrant[],
  mappingOf: (grant: RoleGrant) => RoleMapping,
): string[] {
  const permissions = new Set<string>();
  const isKnown = knownProjects(
    undefined,
    grants.map(({ projectId }) => projectId),
  );
  for (const grant of grants) {
    const mapping = mappingOf(grant);
    for (const role of grant.roles) {
      const granted = permissionsOf(
        mapping,
        { projectId: grant.projectId, role },
        isKnown,
      );
      if (!granted) continue;
      for (const permission of granted) permissions.add(permission);
    }
  }
  return [...permissions];
}

/** The reply to a function that issues claims. */
export interface ClaimsReply {
  /** All claims that ZITADEL shall append, those of earlier targets first. */
  readonly append_claims: readonly AppendedClaim[];
}

/**
 * Makes the reply of `preaccesstoken` and `preuserinfo`. ZITADEL lets a later
 * target's list replace the earlier one, so the earlier claims are repeated;
 * an array that is already there under our name is merged with ours. What
 * ZITADEL would drop, or log into the token, is left out: its own prefix, and
 * a second claim of one name.
 *
 * @param claim The name of the permissions claim.
 * @param permissions The user's permissions.
 * @param earlier What earlier targets appended (`response.append_claims`).
 * @returns The reply.
 */
export function claimsReply(
  claim: string,
  permissions: readonly string[],
  earlier?: readonly AppendedClaim[] | null,
): ClaimsReply {
  const ours = { key: claim, value: permissions as readonly unknown[] };
  if (!earlier?.length) return { append_claims: [ours] };
  const claims = new Map<string, unknown>();
  for (const { key, value } of earlier) {
    if (key.startsWith(RESERVED_CLAIM_PREFIX) || claims.has(key)) continue;
    claims.set(key, value);
  }
  const merged = claims.get(claim);
  if (Array.isArray(merged)) {
    ours.value = [...new Set([...merged, ...permissions])];
  }
  claims.delete(claim);
  return {
    append_claims: [
      ...Array.from(claims, ([key, value]) => ({ key, value })),
      ours,
    ],
  };
}

/** The reply to `presamlresponse`. */
export interface AttributesReply {
  /** All attributes that ZITADEL shall append, those of earlier targets first. */
  readonly append_attribute: readonly AppendedAttribute[];
}

/**
 * Makes the reply of `presamlresponse`: the same as {@linkcode claimsReply},
 * as multi-valued SAML attributes.
 *
 * @param claim The name of the permissions attribute.
 * @param permissions The user's permissions.
 * @param earlier What earlier targets appended (`response.append_attribute`).
 * @returns The reply.
 */
export function attributesReply(
  claim: string,
  permissions: readonly string[],
  earlier?: readonly AppendedAttribute[] | null,
): AttributesReply {
  const value = new Set<string>();
  const others: AppendedAttribute[] = [];
  for (const attribute of earlier ?? []) {
    if (attribute.name !== claim) others.push(attribute);
    else for (const item of attribute.value ?? []) value.add(item);
  }
  for (const permission of permissions) value.add(permission);
  return {
    append_attribute: [...others, {
      name: claim,
      name_format: ATTRIBUTE_NAME_FORMAT,
      value: [...value],
    }],
  };
}
