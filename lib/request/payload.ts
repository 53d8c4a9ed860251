/**
 * What ZITADEL sends. Only the fields that the function uses are described:
 * releases add others at any time, and those must not break a login.
 *
 * @module
 */
import * as z from "zod/mini";
import { FunctionError } from "../errors.ts";
import { distinct } from "../util/distinct.ts";

/** How many fields an error about a payload names. */
const MAX_PATHS = 5;

const userGrant = z.object({
  project_id: z.string(),
  /** The organization that gave the grant. */
  resource_owner: z.string(),
  /** 1 if the grant is active; others grant nothing. */
  state: z.number(),
  /** Absent if the grant names no role. */
  roles: z.nullish(z.array(z.string())),
});

const appendedClaim = z.object({
  key: z.string(),
  value: z.optional(z.unknown()),
});

const appendedAttribute = z.looseObject({
  name: z.string(),
  /** How the name is to be read (SAML 2.0 core, 8.2). */
  name_format: z.nullish(z.string()),
  value: z.nullish(z.array(z.string())),
});

const functionCall = z.object({
  /** `function/preaccesstoken`, `function/preuserinfo`, ... */
  function: z.string(),
  /** The claims so far, with those that Actions v1 set; absent for SAML. */
  userinfo: z.nullish(z.looseObject({})),
  /** The organization that the user belongs to; absent for SAML. */
  org: z.nullish(z.object({ id: z.string() })),
  user: z.nullish(z.object({
    /** The organization that the user belongs to, also for SAML. */
    resource_owner: z.nullish(z.string()),
    /** Present and not null: the user is a service user. */
    machine: z.optional(z.unknown()),
  })),
  /**
   * For which application a token is made; absent before v4 and for SAML. At
   * introspection, the API that asks, not the application of the token. A form
   * that is not known must not break logins, so it counts as absent.
   */
  application: z.catch(
    z.nullish(z.object({ client_id: z.nullish(z.string()) })),
    undefined,
  ),
  /**
   * Present and not null: the token is for a user whom this one impersonates.
   * Releases from August 2026 on send it; before, impersonation does not show.
   */
  actor: z.optional(z.unknown()),
  /** Absent if there is nothing to list. */
  user_grants: z.nullish(z.array(userGrant)),
  /** What earlier targets of the same execution answered. */
  response: z.nullish(z.object({
    append_claims: z.nullish(z.array(appendedClaim)),
    append_attribute: z.nullish(z.array(appendedAttribute)),
  })),
});

const event = z.object({
  /** `org.metadata.set`, `org.metadata.removed`, ... */
  event_type: z.string(),
  /** What changed: for `org.*` events the organization. */
  aggregateID: z.string(),
  /** Grows with each event of one organization; anything but a sequence counts as absent. */
  sequence: z.catch(z.optional(z.int().check(z.nonnegative())), undefined),
});

/** Roles of one project, given to a user by an organization. */
export type UserGrant = z.infer<typeof userGrant>;
/** A claim that an earlier target appended. */
export type AppendedClaim = z.infer<typeof appendedClaim>;
/** A SAML attribute that an earlier target appended. */
export type AppendedAttribute = z.infer<typeof appendedAttribute>;
/** A call of a function, just before a token or an answer is issued. */
export type FunctionCall = z.infer<typeof functionCall>;
/** Something changed at ZITADEL. */
export type Event = z.infer<typeof event>;

let callSchema: Pick<typeof functionCall, "safeParse"> = functionCall;

/**
 * Compiles the check of calls. A check then takes a third of the time, but
 * compiling takes as long as some thousand checks: no first answer waits for it.
 */
export function compileChecks(): void {
  callSchema = z.compile(functionCall);
}

/**
 * Checks a payload as parsed from JSON, and drops fields that are not described.
 *
 * @throws {FunctionError} `invalid_payload` if it is neither a call nor an event; the message names the fields.
 */
export function parsePayload(value: unknown): FunctionCall | Event {
  const parsed = Object.hasOwn(Object(value), "event_type")
    ? event.safeParse(value)
    : callSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues
    .map(({ path }) => path.join(".") || "the root");
  throw new FunctionError(
    "invalid_payload",
    `Unexpected payload at: ${distinct(paths).slice(0, MAX_PATHS).join(", ")}`,
  );
}

/** Tells an event from a call of a function. */
export function isEvent(payload: FunctionCall | Event): payload is Event {
  return Object.hasOwn(payload, "event_type");
}
