/**
 * The mapping as it was, and how it changed, worked out from the event log.
 * Nothing here reads or writes.
 *
 * @module
 */
import { parsePermissions } from "../../lib/mapping/role_mapping.ts";
import type { MetadataEvent } from "../zitadel/events.ts";
import type { MetadataEntry } from "../zitadel/metadata.ts";
import { compareRoles, type RoleChange } from "./compare_roles.ts";

/** What was written together. */
export interface MappingChange {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly editor: MetadataEvent["editor"];
  readonly roles: readonly RoleChange[];
  /** Entries that could be read before and no longer can. */
  readonly broken: readonly string[];
}

/** Returns the entries that there were at a time, its own changes included. */
export function entriesAt(
  events: readonly MetadataEvent[],
  time = Infinity,
): MetadataEntry[] {
  const state = new Map<string, Uint8Array>();
  for (const event of events) if (event.at <= time) apply(event, state);
  return [...state].map(([key, value]) => ({ key, value }));
}

/** Lists what became of roles, the oldest first; other metadata is left out. */
export function changesOf(events: readonly MetadataEvent[]): MappingChange[] {
  const state = new Map<string, Uint8Array>();
  let before = readable(state);
  return groupsOf(events).flatMap((group): MappingChange[] => {
    for (const event of group) apply(event, state);
    const after = readable(state);
    const roles = compareRoles(before, after);
    const broken = [...before.keys()].filter((key) =>
      state.has(key) && !after.has(key)
    );
    before = after;
    const { at, editor } = group[0]!;
    return roles.length > 0 ? [{ at, editor, roles, broken }] : [];
  });
}

/** Returns the keys whose value the log does not explain: it may be cut. */
export function unexplainedKeys(
  events: readonly MetadataEvent[],
  current: readonly MetadataEntry[],
): string[] {
  const logged = new Map(
    entriesAt(events).map(({ key, value }) => [key, value.toHex()]),
  );
  const now = new Map(current.map(({ key, value }) => [key, value.toHex()]));
  return [...new Set([...logged.keys(), ...now.keys()])]
    .filter((key) => logged.get(key) !== now.get(key)).sort();
}

function apply(
  { key, value }: MetadataEvent,
  state: Map<string, Uint8Array>,
): void {
  if (key === undefined) state.clear();
  else if (value === undefined) state.delete(key);
  else state.set(key, value);
}

function readable(
  state: ReadonlyMap<string, Uint8Array>,
): Map<string, readonly string[]> {
  return new Map(
    [...state].flatMap(([key, value]) => {
      const permissions = parsePermissions(value);
      return permissions ? [[key, permissions] as const] : [];
    }),
  );
}

/** Splits events into what one editor wrote at one time. */
function groupsOf(events: readonly MetadataEvent[]): MetadataEvent[][] {
  const groups: MetadataEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1)?.[0];
    const isSame = last?.at === event.at && last.editor.id === event.editor.id;
    if (isSame) groups.at(-1)!.push(event);
    else groups.push([event]);
  }
  return groups;
}
