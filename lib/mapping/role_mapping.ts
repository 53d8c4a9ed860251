/** One entry of an organization's metadata: a role and its permissions. */
export interface MetadataEntry {
  /** The role's name, or `<project id>:<role>`. */
  readonly key: string;
  /** The permissions, in one of the forms that {@linkcode parsePermissions} reads. */
  readonly value: Uint8Array;
}

/** An entry that cannot be read, and so grants nothing. */
export interface MappingProblem {
  /** The entry's key. */
  readonly key: string;
  /** What is wrong with its value. */
  readonly problem: string;
}

/** An organization's mapping, ready for look-ups. */
export interface RoleMapping {
  /** Permissions by metadata key; an entry that cannot be read has none. */
  readonly permissions: ReadonlyMap<string, readonly string[]>;
  /** Entries that cannot be read. */
  readonly problems: readonly MappingProblem[];
}

/**
 * The longest value that is read: far more permissions than fit into a token.
 * Metadata serves other purposes too, and may be large.
 */
export const MAX_VALUE_BYTES = 100_000;

/** The most bytes of one organization's mapping: twice what 10,000 roles take. */
export const MAX_MAPPING_BYTES = 2 * 1024 * 1024;

const TOO_LONG = `The value is longer than ${MAX_VALUE_BYTES} bytes`;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** A plain name: no white space, quotes, brackets or control characters inside. */
const PLAIN_NAME = /^[^\s"'`()[\]{}<>\p{Cc}]+$/u;
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** How JSON arrays and objects begin; by chance hardly a plain name decodes to that. */
const JSON_BEGIN = /^\s*[[{]\s*["[\]{}\d-]/;

/**
 * A key that names its project, which in ZITADEL is a number. A role can be
 * given such a name too, and must not be taken for another project's entry.
 */
const QUALIFIED_KEY = /^[0-9]+:/;

/**
 * Makes a mapping of an organization's metadata.
 *
 * @param entries The organization's metadata, all of it.
 * @returns The mapping, and what is wrong in it.
 *
 * @example
 * ```ts
 * const value = new TextEncoder().encode('["posts:read"]');
 * parseRoleMapping([{ key: "viewer", value }]).permissions.get("viewer"); // ["posts:read"]
 * ```
 */
export function parseRoleMapping(
  entries: Iterable<
    Pick<MetadataEntry, "key"> & { readonly value: Uint8Array | undefined }
  >,
): RoleMapping {
  const permissions = new Map<string, readonly string[]>();
  const problems: MappingProblem[] = [];
  for (const { key, value } of entries) {
    const parsed = value ? parsePermissions(value) : TOO_LONG;
    if (typeof parsed === "string") {
      problems.push({ key, problem: parsed });
      // Kept without permissions, so that a broken `<project id>:<role>` does
      // not fall through to what the plain `<role>` grants.
      permissions.set(key, []);
    } else {
      permissions.set(key, parsed);
    }
  }
  return { permissions, problems };
}

/**
 * Looks up what a role of a project grants: the entry `<project id>:<role>`
 * where there is one, else the entry `<role>`.
 *
 * @param mapping The organization's mapping.
 * @param projectId The project that the role belongs to.
 * @param role The role's name.
 * @returns The permissions, or `undefined` where there is no entry.
 */
export function permissionsOf(
  mapping: RoleMapping,
  projectId: string,
  role: string,
): readonly string[] | undefined {
  return mapping.permissions.get(`${projectId}:${role}`) ??
    (QUALIFIED_KEY.test(role) ? undefined : mapping.permissions.get(role));
}

/**
 * Reads the value of one entry. The first form that fits counts:
 *
 * 1. a JSON array of strings, as in ZITADEL's guide;
 * 2. a JSON string, one permission;
 * 3. base64 of such an array, as some provisioning tools store it;
 * 4. plain names separated by commas, as the public reference worker takes too.
 *
 * @param value The value as stored, in UTF-8.
 * @returns The permissions without repetitions, or what is wrong in one sentence.
 */
export function parsePermissions(
  value: Uint8Array,
): readonly string[] | string {
  if (value.length > MAX_VALUE_BYTES) return TOO_LONG;
  let text: string;
  try {
    text = decoder.decode(value).trim();
  } catch {
    return "The value is not UTF-8";
  }
  if (text === "") return "The value is empty";

  const json = parseJson(text);
  if (isStringArray(json)) return unique(json);
  if (typeof json === "string") return [json];
  if (json !== undefined) return describeJson(json);

  if (BASE64.test(text)) {
    const inner = decodeBase64(text);
    const innerJson = inner && parseJson(inner);
    if (isStringArray(innerJson)) return unique(innerJson);
    if (inner && JSON_BEGIN.test(inner)) {
      return "The value is base64, but not of a JSON array of strings";
    }
  }

  const names = text.split(",").map((name) => name.trim()).filter(Boolean);
  if (names.length > 0 && names.every((name) => PLAIN_NAME.test(name))) {
    return unique(names);
  }
  return "The value is neither a JSON array of strings nor plain names separated by commas";
}

function describeJson(json: unknown): string {
  if (Array.isArray(json)) {
    return "The JSON array holds something that is not a string";
  }
  const kind = json === null ? "null" : typeof json;
  return `The value is JSON (${kind}), but not an array of strings`;
}

function decodeBase64(text: string): string | undefined {
  try {
    return decoder.decode(
      Uint8Array.from(atob(text), (char) => char.charCodeAt(0)),
    );
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string");
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
