/**
 * What to change in an organization's metadata, worked out from what is there
 * and from a roles file. Nothing here reads or writes.
 *
 * @module
 */
import { parsePermissions } from "../../lib/mapping/role_mapping.ts";
import type { ValueChange } from "../plan/replace_values.ts";
import type { MetadataEntry } from "../zitadel/metadata.ts";
import type { Mapping } from "../mapping/parse_roles.ts";
import { isPermissionList } from "../mapping/interpret_value.ts";
import { meansSame } from "../mapping/roles_file.ts";

/** How the value of one entry of the metadata changes. */
export type EntryChange = ValueChange;

/** The changes, and what they leave as it is. */
export interface MappingPlan {
  readonly set: readonly EntryChange[];
  readonly removed: readonly EntryChange[];
  /** About entries that stay, or come into effect, for the operator to read. */
  readonly notes: readonly string[];
}

export const NO_ENTRIES: MappingPlan = { set: [], removed: [], notes: [] };

/**
 * Works out what makes the metadata say what the file says. Entries that are not
 * in the file stay unless they are pruned; what may be no mapping always stays.
 */
export function planMapping(
  metadata: readonly MetadataEntry[],
  mapping: Mapping,
  { prune }: { readonly prune: boolean },
): MappingPlan {
  const stored = new Map(metadata.map(({ key, value }) => [key, value]));
  const set = [...mapping].flatMap(([key, permissions]) => {
    const value = stored.get(key);
    if (value && meansSame(value, permissions)) return [];
    const from = value && textOf(value);
    return [{ key, from, to: JSON.stringify(permissions) }];
  });
  const { list = [], plain = [] } = Object.groupBy(
    metadata.filter(({ key }) => !mapping.has(key)),
    ({ value }) =>
      isPermissionList(value)
        ? "list"
        : parsePermissions(value)
        ? "plain"
        : "other",
  );
  const removed = prune ? list.map(removal) : [];
  return {
    set,
    removed,
    notes: [
      ...note(
        "kept, not in the file (--prune removes them)",
        prune ? [] : list,
      ),
      ...note(
        "kept, not in the file: plain text that the function reads, but that may be no mapping",
        plain,
      ),
      ...uncovered(removed, metadata, mapping),
    ],
  };
}

/**
 * Works out what takes a file's entries out of the metadata: only those that
 * still say what the file says.
 */
export function planMappingRemoval(
  metadata: readonly MetadataEntry[],
  mapping: Mapping,
): MappingPlan {
  const { same = [], different = [] } = Object.groupBy(
    metadata.filter(({ key }) => mapping.has(key)),
    ({ key, value }) =>
      meansSame(value, mapping.get(key)!) ? "same" : "different",
  );
  const removed = same.map(removal);
  return {
    set: [],
    removed,
    notes: [
      ...note("kept, differs from the file", different),
      ...uncovered(removed, metadata, new Map()),
    ],
  };
}

/** The plain entries that apply once qualified ones of the same role are gone. */
function uncovered(
  removed: readonly EntryChange[],
  metadata: readonly MetadataEntry[],
  mapping: Mapping,
): string[] {
  const gone = new Set(removed.map(({ key }) => key));
  const remaining = new Set([
    ...metadata.map(({ key }) => key).filter((key) => !gone.has(key)),
    ...mapping.keys(),
  ]);
  return uncoveredKeys(gone, remaining).map(({ qualified, plain }) =>
    `without ${qualified}, the plain entry ${plain} applies in that project`
  );
}

/** Pairs each removed qualified key with the plain key that then applies. */
export function uncoveredKeys(
  removed: Iterable<string>,
  remaining: ReadonlySet<string>,
): { readonly qualified: string; readonly plain: string }[] {
  return [...removed].flatMap((qualified) => {
    const colon = qualified.indexOf(":");
    const plain = qualified.slice(colon + 1);
    return colon > 0 && remaining.has(plain) ? [{ qualified, plain }] : [];
  });
}

function removal({ key, value }: MetadataEntry): EntryChange {
  return { key, from: textOf(value), to: undefined };
}

function note(text: string, entries: readonly MetadataEntry[]): string[] {
  if (entries.length === 0) return [];
  return [`${text}: ${entries.map(({ key }) => key).sort().join(", ")}`];
}

function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
