/**
 * The replies to functions that issue claims (`preaccesstoken`, `preuserinfo`)
 * and to the one that issues SAML attributes (`presamlresponse`).
 *
 * @module
 */
import {
  foldName,
  isSameName,
  RESERVED_CLAIM_PREFIX,
} from "../config/claim_name.ts";
import type { PermissionsShape } from "../config/settings.ts";
import { FunctionError } from "../errors.ts";
import type {
  AppendedAttribute,
  AppendedClaim,
  FunctionCall,
} from "../request/payload.ts";
import { distinct } from "../util/distinct.ts";
import { SAML_FUNCTION, userOrganizationOf } from "./grants.ts";
import type { Granted } from "./permissions.ts";
import { shapeAttribute, type ShapedValue, shapePermissions } from "./shape.ts";

/** The format of a plainly named SAML attribute (SAML 2.0 core, 8.2.3). */
const ATTRIBUTE_NAME_FORMAT =
  "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";

/** What the function adds to a token or an assertion. */
export interface Contents {
  readonly claim: string;
  readonly shape: PermissionsShape;
  readonly granted: readonly Granted[];
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

/** The most claims that are compared with ours: an action can set any number, and each takes time. */
const MAX_CLAIMS = 5_000;

/** The longest name that is compared, in characters. */
const MAX_NAME_LENGTH = 1_000;

/**
 * Refuses a call if a claim of ours is already in the token, or one that some
 * consumers take for ours. ZITADEL runs the Actions v1 of the user's
 * organization before it calls the function, and keeps the claims that those
 * set: the reply could not replace them, and the organization's administrator
 * would decide what its users may do.
 *
 * @param names The folded names of the claims that the function sets.
 * @throws {FunctionError} `replaced_claim` if one of the names is taken, whatever its value.
 */
export function refuseTakenClaims(
  call: Pick<FunctionCall, "userinfo" | "org" | "user">,
  names: ReadonlySet<string>,
): void {
  const taken = Object.keys(call.userinfo ?? {});
  const isTooMany = taken.length > MAX_CLAIMS;
  for (const name of taken) {
    if (!isTooMany && !mayFoldTo(names, name)) continue;
    throw new FunctionError(
      "upstream_failed",
      isTooMany
        ? `Cannot check the claims that actions (Actions v1) of the user's organization have set: there are more than ${MAX_CLAIMS}`
        : `Cannot set the claim ${
          foldName(name)
        }: an action (Actions v1) of the user's organization has set it, and ZITADEL keeps the first value`,
      { reason: "replaced_claim", organization: userOrganizationOf(call) },
    );
  }
}

/** Folding a long name takes time, and no name is so much longer than what it folds to. */
function mayFoldTo(names: ReadonlySet<string>, name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && names.has(foldName(name));
}

/** Builds the reply to a call, beside what earlier targets answered. */
export function buildReply(
  { function: name, response }: Pick<FunctionCall, "function" | "response">,
  { claim, shape, rolesClaim }: Omit<Contents, "granted">,
  granted: readonly Granted[],
): Reply {
  const contents = { claim, shape, rolesClaim, granted };
  return name === SAML_FUNCTION
    ? attributesReply(contents, response?.append_attribute)
    : claimsReply(contents, response?.append_claims);
}

/**
 * Builds the reply to `preaccesstoken` and `preuserinfo`. ZITADEL lets a later
 * target's list replace the earlier one, so the earlier claims are repeated,
 * without those that ZITADEL would drop or log into the token: claims under its
 * own prefix, and a second claim of the same name. Those that a consumer could
 * take for ours are merged into ours.
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
  const added = ourClaims(contents).map(({ name, shape, granted }) => ({
    name,
    ...shapePermissions(shape, granted, takeNamed(kept, name)),
  }));
  const append_claims = [
    ...Array.from(kept, ([key, value]) => ({ key, value })),
    ...added.map(({ name, value }) => ({ key: name, value })),
  ];
  return { body: { append_claims }, added };
}

/**
 * Builds the reply to `presamlresponse`: the same claims as multi-valued SAML
 * attributes, after those of earlier targets.
 */
export function attributesReply(
  contents: Contents,
  earlier?: readonly AppendedAttribute[] | null,
): Reply {
  const valuesOf = (name: string) =>
    (earlier ?? []).filter((attribute) => isSameName(attribute.name, name))
      .flatMap(({ value }) => value ?? []);
  const added = ourClaims(contents).map(({ name, shape, granted }) => ({
    name,
    ...shapeAttribute(shape, granted, valuesOf(name)),
  }));
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

/** Lists the claims to add, and what each is built from. Role names are flat: they stand under no ids. */
function ourClaims({ claim, shape, granted, rolesClaim }: Contents) {
  const permissions = { name: claim, shape, granted };
  if (rolesClaim === undefined) return [permissions];
  const names = distinct(granted.flatMap(({ roles }) => roles));
  return [permissions, {
    name: rolesClaim,
    shape: shape === "string" ? shape : "list" as const,
    granted: [{ projectId: "", organization: "", permissions: names }],
  }];
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
