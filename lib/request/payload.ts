/**
 * What ZITADEL sends. Only the fields that the function uses are described:
 * releases add others at any time, and those must not break a login.
 *
 * @module
 */
import { FunctionError } from "../errors.ts";
import {
  anything,
  fields,
  list,
  number,
  optional,
  type Shape,
  text,
} from "../shape.ts";

/** A grant's state when it is in force; others grant nothing. */
export const GRANT_STATE_ACTIVE = 1;

/** A user grant: roles of one project, given to a user by an organization. */
export interface UserGrant {
  /** The project whose roles are granted. */
  project_id: string;
  /** The organization that gave the grant. */
  resource_owner: string;
  /** {@linkcode GRANT_STATE_ACTIVE} or anything else. */
  state: number;
  /** Absent where the grant names no role. */
  roles?: string[] | null | undefined;
}

/** A claim that a target appended. */
export interface AppendedClaim {
  /** The claim's name. */
  key: string;
  /** The claim's value, of any JSON type. */
  value?: unknown;
}

/** A SAML attribute that a target appended. */
export interface AppendedAttribute {
  /** The attribute's name. */
  name: string;
  /** How the name is to be read (SAML 2.0 core, 8.2). */
  name_format?: string | null | undefined;
  /** The attribute's values. */
  value?: string[] | null | undefined;
}

/** A call of a function, just before a token or an answer is issued. */
export interface FunctionCall {
  /** `function/preaccesstoken`, `function/preuserinfo`, ... */
  function: string;
  /** The organization that the user belongs to; absent for SAML. */
  org?: { id: string } | null | undefined;
  /** The user, who belongs to `resource_owner`. */
  user?: { resource_owner?: string | null | undefined } | null | undefined;
  /** Absent where there is nothing to list. */
  user_grants?: UserGrant[] | null | undefined;
  /** What the targets before this one answered. */
  response?:
    | {
      append_claims?: AppendedClaim[] | null | undefined;
      append_attribute?: AppendedAttribute[] | null | undefined;
    }
    | null
    | undefined;
}

/** An event: something was changed at ZITADEL. */
export interface Event {
  /** `org.metadata.set`, `org.metadata.removed`, ... */
  event_type: string;
  /** What was changed: for `org.*` events the organization. */
  aggregateID: string;
}

const functionCall = fields<FunctionCall>({
  function: text,
  org: optional(fields({ id: text })),
  user: optional(fields({ resource_owner: optional(text) })),
  user_grants: optional(list(fields<UserGrant>({
    project_id: text,
    resource_owner: text,
    state: number,
    roles: optional(list(text)),
  }))),
  response: optional(fields({
    append_claims: optional(
      list(fields<AppendedClaim>({ key: text, value: anything })),
    ),
    append_attribute: optional(list(fields<AppendedAttribute>({
      name: text,
      name_format: optional(text),
      value: optional(list(text)),
    }))),
  })),
});

const event = fields<Event>({ event_type: text, aggregateID: text });

/**
 * Checks the shape of what ZITADEL sent.
 *
 * @param value The payload as parsed from JSON.
 * @returns A call of a function, or an event.
 * @throws {FunctionError} Where it is neither.
 */
export function parsePayload(value: unknown): FunctionCall | Event {
  const isEvent = Object.hasOwn(Object(value), "event_type");
  const shape: Shape<FunctionCall | Event> = isEvent ? event : functionCall;
  const wrong: string[] = [];
  if (shape(value, wrong)) return value;
  const paths = wrong.map((path) => path || "it");
  throw new FunctionError(
    "invalid_payload",
    `The payload has not the shape that ZITADEL sends, at: ${
      [...new Set(paths)].slice(0, 5).join(", ")
    }`,
  );
}
