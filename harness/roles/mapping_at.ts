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
  /** In ISO form. */
  readonly at: string;
  readonly editor: MetadataEvent["editor"];
  /** An entry that can no longer be read counts as removed. */
  readonly roles: readonly RoleChange[];
}

/** Returns the entries that there were at a time in ISO form, its own changes included. */
export function entriesAt(
  events: readonly MetadataEvent[],
  time?: string,
): MetadataEntry[] {
  const state = new Map<string, Uint8Array>();
  for (const event of events) {
    if (time === undefined || event.at <= time) {
      apply(event, state, (value) => value);
    }
  }
  return [...state].map(([key, value]) => ({ key, value }));
}

/** Lists what became of roles, the oldest first; other metadata is left out. */
export function changesOf(events: readonly MetadataEvent[]): MappingChange[] {
  const state = new Map<string, readonly string[]>();
  let before = new Map(state);
  return events.flatMap((event, index): MappingChange[] => {
    apply(event, state, parsePermissions);
    const { at, editor } = event;
    const next = events[index + 1];
    // What one editor wrote at one time is one change.
    if (next?.at === at && next.editor.id === editor.id) return [];
    const roles = compareRoles(before, state);
    before = new Map(state);
    return roles.length > 0 ? [{ at, editor, roles }] : [];
  });
}

/** Returns the keys whose value the log does not explain: it may be cut. */
export function unexplainedKeys(
  events: readonly MetadataEvent[],
  current: readonly MetadataEntry[],
): string[] {
  const valuesOf = (entries: readonly MetadataEntry[]) =>
    new Map(entries.map(({ key, value }) => [key, value.toHex()]));
  const logged = valuesOf(entriesAt(events));
  const now = valuesOf(current);
  return [...new Set([...logged.keys(), ...now.keys()])]
    .filter((key) => logged.get(key) !== now.get(key)).sort();
}

/** Applies a change; a value that cannot be read leaves no entry. */
function apply<T>(
  { key, value }: MetadataEvent,
  state: Map<string, T>,
  read: (value: Uint8Array) => T | undefined,
): void {
  if (key === undefined) return state.clear();
  const content = value && read(value);
  if (content === undefined) state.delete(key);
  else state.set(key, content);
}
