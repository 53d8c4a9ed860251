import { MAX_VALUE_BYTES, parsePermissions } from "./permission_value.ts";

export { MAX_VALUE_BYTES, parsePermissions } from "./permission_value.ts";

/**
 * The most bytes that one organization's mapping takes in memory, as
 * {@linkcode sizeOfMapping} estimates it: about 10,000 roles, or 7,500 that name
 * their project. Its administrator must not slow down the logins of other
 * organizations.
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
   * reads; `undefined` if the value is longer than {@linkcode MAX_VALUE_BYTES}
   * and was dropped while it was read.
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
}

/** A role of a project, as a grant names it. */
export interface ProjectRole {
  /** The project that the role belongs to. */
  readonly projectId: string;
  /** The role's name. */
  readonly role: string;
}

/** After how many bytes of entries parsing lets other calls run: they take a few milliseconds. */
const PAUSE_AFTER_BYTES = MAX_VALUE_BYTES;

/** Parsing any entry takes as long as so many bytes of a long one. */
const PARSING_OVERHEAD_BYTES = 400;

/**
 * Parses an organization's metadata.
 *
 * @param entries The organization's metadata, all of it.
 * @returns The mapping, and what is wrong in it.
 *
 * @example
 * ```ts
 * const value = new TextEncoder().encode('["posts:read"]');
 * parseRoleMapping([{ key: "viewer", value }]).plain.get("viewer"); // ["posts:read"]
 * ```
 */
export function parseRoleMapping(
  entries: Iterable<MetadataEntry>,
): RoleMapping {
  const parsing = parseInSteps(entries);
  let step = parsing.next();
  while (!step.done) step = parsing.next();
  return step.value;
}

/**
 * Parses an organization's metadata as {@linkcode parseRoleMapping} does, and
 * yields wherever other calls may run.
 *
 * @param entries The organization's metadata, all of it.
 * @returns The steps; the last one returns the mapping.
 */
export function* parseInSteps(
  entries: Iterable<MetadataEntry>,
): Generator<undefined, RoleMapping, undefined> {
  const permissions = new Map<string, readonly string[]>();
  const unreadable: string[] = [];
  let bytes = 0;
  for (const { key, value } of entries) {
    const size = PARSING_OVERHEAD_BYTES + key.length + (value?.length ?? 0);
    bytes += size;
    if (bytes > PAUSE_AFTER_BYTES) {
      yield;
      bytes = size;
    }
    const parsed = parsePermissions(value);
    if (!parsed) unreadable.push(key);
    // Kept without permissions, so that a broken `<project id>:<role>` does
    // not fall through to what the plain `<role>` grants.
    permissions.set(key, parsed ?? []);
  }
  return createRoleMapping(permissions, unreadable);
}

/**
 * Creates a mapping of entries that are parsed already.
 *
 * @param permissions The permissions by metadata key.
 * @param unreadable The keys of entries that cannot be read.
 * @returns The mapping.
 */
export function createRoleMapping(
  permissions: ReadonlyMap<string, readonly string[]>,
  unreadable: readonly string[] = [],
): RoleMapping {
  const qualified = new Map<string, Map<string, readonly string[]>>();
  for (const [key, granted] of permissions) {
    const colon = key.indexOf(":");
    if (colon < 0) continue;
    const projectId = key.slice(0, colon);
    let roles = qualified.get(projectId);
    if (!roles) qualified.set(projectId, roles = new Map());
    roles.set(key.slice(colon + 1), granted);
  }
  return { qualified, plain: permissions, unreadable };
}

/**
 * Looks up what a role of a project grants: the project's own entry if there is
 * one, else the plain entry. Tenants choose project ids and role names, so the
 * two are never joined to a key: a project id with a colon has no own entries,
 * and a role whose name begins with a known project id and a colon has no plain
 * one.
 *
 * @param mapping The organization's mapping.
 * @param role The role and its project.
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
 * @returns Whether an id is known to be a project's.
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

/**
 * Estimates what a mapping takes in memory, at two bytes a character.
 *
 * @param mapping The mapping.
 * @returns The size in bytes.
 */
export function sizeOfMapping({ plain, qualified }: RoleMapping): number {
  let bytes = ENTRY_OVERHEAD_BYTES;
  for (const roles of qualified.values()) {
    bytes += PROJECT_BYTES + PROJECT_ROLE_BYTES * roles.size;
  }
  for (const [key, names] of plain) {
    bytes += ENTRY_OVERHEAD_BYTES + 2 * key.length;
    for (const name of names) bytes += NAME_OVERHEAD_BYTES + 2 * name.length;
  }
  return bytes;
}
