import { parsePermissions } from "./permission_value.ts";

export { MAX_VALUE_BYTES, parsePermissions } from "./permission_value.ts";

/**
 * The most bytes that one organization's mapping takes in memory: about 10,000
 * roles, or 7,500 that name their project. Its administrator must not slow down
 * the logins of other organizations: parsing it takes up to 25 ms.
 */
export const MAX_MAPPING_BYTES = 2 * 1024 * 1024;

/** What a map's slot, a key and an array take beside their text, roughly, in bytes. */
const ENTRY_OVERHEAD_BYTES = 64;

/** What a string takes beside its text, roughly, in bytes. */
const NAME_OVERHEAD_BYTES = 24;

/** What a map of a project's roles takes while it is empty, as measured in Deno 2.9, in bytes. */
const PROJECT_BYTES = 192;

/** What a role takes in its project's map, as measured in Deno 2.9, in bytes; its permissions and mostly its text are shared. */
const PROJECT_ROLE_BYTES = 48;

const DIGITS = /^[0-9]+$/;

/**
 * One entry of an organization's metadata: a role and its permissions. The
 * reader in `lib/zitadel/` has a type of its own for what it reads, since the
 * two folders do not import each other; `services.ts` joins them.
 */
export interface MetadataEntry {
  /** The role's name, or `<project id>:<role>`. */
  readonly key: string;
  /**
   * The permissions, in one of the forms that {@linkcode parsePermissions}
   * reads; `undefined` if the value is too long and was dropped while it was
   * read.
   */
  readonly value: Uint8Array | undefined;
}

/** An organization's mapping, ready for look-ups. An entry that cannot be read has no permissions. */
export interface RoleMapping {
  /** Permissions by project id and role: the entries with a colon, split at the first one. */
  readonly qualified: ReadonlyMap<
    string,
    ReadonlyMap<string, readonly string[]>
  >;
  /** Permissions by role: all entries, since a role's name may have a colon too. */
  readonly plain: ReadonlyMap<string, readonly string[]>;
  /** The keys of entries that cannot be read. */
  readonly unreadable: readonly string[];
  /** What it takes in memory, as an estimate. */
  readonly bytes: number;
}

/** A role of a project, as a grant names it. */
export interface ProjectRole {
  readonly projectId: string;
  readonly role: string;
}

/**
 * Parses an organization's metadata.
 *
 * @param maxBytes Parsing stops once the mapping takes more.
 *
 * @example
 * ```ts
 * const value = new TextEncoder().encode('["posts:read"]');
 * parseRoleMapping([{ key: "viewer", value }]).plain.get("viewer"); // ["posts:read"]
 * ```
 */
export function parseRoleMapping(
  entries: Iterable<MetadataEntry>,
  maxBytes?: number,
): RoleMapping {
  const unreadable: string[] = [];
  function* parsed(): Iterable<ParsedEntry> {
    for (const { key, value } of entries) {
      const permissions = parsePermissions(value);
      if (!permissions) unreadable.push(key);
      // Kept without permissions, so that a broken `<project id>:<role>` does
      // not fall through to what the plain `<role>` grants. It took as long to
      // parse as any other.
      yield permissions
        ? [key, permissions]
        : [key, [], 2 * (value?.length ?? 0)];
    }
  }
  return { ...createRoleMapping(parsed(), maxBytes), unreadable };
}

/** A metadata key, its permissions, and what its value counts for if it cannot be read, in bytes. */
type ParsedEntry = readonly [
  key: string,
  permissions: readonly string[],
  unreadableBytes?: number,
];

/** Creates a mapping of entries that are parsed already, and estimates its size at two bytes a character. */
export function createRoleMapping(
  entries: Iterable<ParsedEntry>,
  maxBytes = Infinity,
): RoleMapping {
  const plain = new Map<string, readonly string[]>();
  const qualified = new Map<string, Map<string, readonly string[]>>();
  let bytes = ENTRY_OVERHEAD_BYTES;
  for (const [key, granted, unreadableBytes = 0] of entries) {
    if (bytes > maxBytes) break;
    plain.set(key, granted);
    bytes += ENTRY_OVERHEAD_BYTES + unreadableBytes + 2 * key.length;
    for (const name of granted) bytes += NAME_OVERHEAD_BYTES + 2 * name.length;
    const colon = key.indexOf(":");
    if (colon < 0) continue;
    const projectId = key.slice(0, colon);
    let roles = qualified.get(projectId);
    if (!roles) {
      qualified.set(projectId, roles = new Map());
      bytes += PROJECT_BYTES;
    }
    roles.set(key.slice(colon + 1), granted);
    bytes += PROJECT_ROLE_BYTES;
  }
  return { plain, qualified, unreadable: [], bytes };
}

/**
 * Looks up what a role of a project grants: the project's own entry if there is
 * one, else the plain entry. Tenants choose project ids and role names, so the
 * two are never joined to a key: a project id with a colon has no own entries,
 * and a role whose name begins with a known project id and a colon has no plain
 * one.
 *
 * @param isKnownProject Tells project ids from the beginnings of role names; see {@linkcode knownProjects}.
 * @returns The permissions, or `undefined` if there is no entry.
 */
export function permissionsOf(
  mapping: RoleMapping,
  { projectId, role }: ProjectRole,
  isKnownProject: (id: string) => boolean,
): readonly string[] | undefined {
  const own = mapping.qualified.get(projectId)?.get(role);
  if (own) return own;
  const colon = role.indexOf(":");
  if (colon >= 0 && isKnownProject(role.slice(0, colon))) return undefined;
  return mapping.plain.get(role);
}

/**
 * Tells project ids from the beginnings of role names. ZITADEL's own ids are
 * digits; ids that a tenant chose are known if they are listed or granted.
 *
 * @param projects The projects that the setting PROJECTS lists; `undefined` if it is unset.
 * @param granted The project ids of the call's grants.
 */
export function knownProjects(
  projects: ReadonlySet<string> | undefined,
  granted: Iterable<string>,
): (id: string) => boolean {
  // Few calls have a role with a colon, so few need it.
  let ids: Set<string> | undefined;
  return (id) =>
    DIGITS.test(id) || projects?.has(id) ||
    (ids ??= new Set(granted)).has(id);
}
