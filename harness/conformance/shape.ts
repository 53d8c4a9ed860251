/**
 * Reduces answers to what is compared: keys, kinds of values, and the texts
 * that clients distinguish cases by. Identifiers, times and secrets are only
 * kinds.
 *
 * @module
 */
import { decodeJwt } from "jose";

/** Keys whose texts mean something to a client. */
const COMPARED_TEXTS = new Set(
  `error error_description function event_type aggregateType version message body
  grpcStatus grpcMessage @type token_type use kty alg`.split(/\s+/),
);
/** Keys whose numbers do. */
const COMPARED_NUMBERS = new Set(["status", "code", "state"]);
/** Either address of a local instance may be its domain. */
const ADDRESS = /\b(?:localhost|127\.0\.0\.1)(?::\d+)?/g;
const IDENTIFIER = /[0-9]{15,20}/g;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T/;
const JWT = /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/;
const CONSTANT = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;

/** Returns the shape of any JSON value under a key. */
export function shapeOf(value: unknown, key = ""): unknown {
  if (typeof value === "string") return shapeOfText(value, key);
  if (typeof value === "number") {
    return COMPARED_NUMBERS.has(key) ? value : "<number>";
  }
  if (Array.isArray(value)) return shapeOfList(value, key);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, entry]) =>
    [withoutIds(name), shapeOf(entry, name)] as const
  );
  return Object.fromEntries(fields.sort(([a], [b]) => a < b ? -1 : 1));
}

/** Replaces ZITADEL's own ids. */
export function withoutIds(text: string): string {
  return text.replaceAll(IDENTIFIER, "<id>");
}

function shapeOfText(text: string, key: string): unknown {
  if (JWT.test(text)) return { jwt: shapeOf(decodeJwt(text)) };
  if (COMPARED_TEXTS.has(key) || CONSTANT.test(text)) {
    // main leaves out what follows "Parent".
    return withoutIds(text).replace(/ Parent=.*/, "")
      .replaceAll(ADDRESS, "<address>");
  }
  return TIME.test(text) ? "<time>" : "<text>";
}

/** The shape of a list is the set of its entries' shapes. */
function shapeOfList(list: readonly unknown[], key: string): unknown[] {
  const kinds = new Set(list.map((it) => JSON.stringify(shapeOf(it, key))));
  return [...kinds].sort().map((kind) => JSON.parse(kind));
}
