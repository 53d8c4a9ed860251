/**
 * What ZITADEL sends. Only the fields that the function uses are described:
 * releases add others at any time, and those must not break a login.
 *
 * @module
 */
import { z } from "zod";
import { FunctionError } from "./errors.ts";

/** A grant's state when it is in force; others grant nothing. */
export const GRANT_STATE_ACTIVE = 1;

const UserGrant = z.object({
  /** The project whose roles are granted. */
  project_id: z.string(),
  /** The organization that gave the grant. */
  resource_owner: z.string(),
  /** {@linkcode GRANT_STATE_ACTIVE} or anything else. */
  state: z.number(),
  /** Absent where the grant names no role. */
  roles: z.array(z.string()).nullish(),
});

const AppendedClaim = z.object({ key: z.string(), value: z.unknown() });

const AppendedAttribute = z.object({
  name: z.string(),
  name_format: z.string().nullish(),
  value: z.array(z.string()).nullish(),
});

const FunctionCall = z.object({
  /** `function/preaccesstoken`, `function/preuserinfo`, ... */
  function: z.string(),
  /** Absent for SAML. */
  org: z.object({ id: z.string() }).nullish(),
  user: z.object({ resource_owner: z.string().nullish() }).nullish(),
  /** Absent where there is nothing to list. */
  user_grants: z.array(UserGrant).nullish(),
  /** What the targets before this one answered. */
  response: z.object({
    append_claims: z.array(AppendedClaim).nullish(),
    append_attribute: z.array(AppendedAttribute).nullish(),
  }).nullish(),
});

const Event = z.object({
  event_type: z.string(),
  /** For `org.*` events the organization. */
  aggregateID: z.string(),
});

/** A user grant as ZITADEL sends it. */
export type UserGrant = z.infer<typeof UserGrant>;
/** A claim that a target appended. */
export type AppendedClaim = z.infer<typeof AppendedClaim>;
/** A SAML attribute that a target appended. */
export type AppendedAttribute = z.infer<typeof AppendedAttribute>;
/** A call of a function, just before a token or an answer is issued. */
export type FunctionCall = z.infer<typeof FunctionCall>;
/** An event: something was changed at ZITADEL. */
export type Event = z.infer<typeof Event>;

/**
 * Checks the shape of what ZITADEL sent.
 *
 * @param value The payload as parsed from JSON.
 * @returns A call of a function, or an event.
 * @throws {FunctionError} Where it is neither.
 */
export function parsePayload(value: unknown): FunctionCall | Event {
  const isEvent = Object.hasOwn(Object(value), "event_type");
  const result = (isEvent ? Event : FunctionCall).safeParse(value);
  if (result.success) return result.data;
  const paths = result.error.issues.map(({ path }) => path.join(".") || "it");
  throw new FunctionError(
    "invalid_payload",
    `The payload has not the shape that ZITADEL sends, at: ${
      [...new Set(paths)].slice(0, 5).join(", ")
    }`,
  );
}
