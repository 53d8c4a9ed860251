import type { DiffLine } from "../cli/diff.ts";
import type { Change, Place } from "../plan/change.ts";
import { replaceValues } from "../plan/replace_values.ts";
import {
  listMetadata,
  removeMetadata,
  setMetadata,
} from "../zitadel/metadata.ts";
import type { EntryChange, MappingPlan } from "./plan_mapping.ts";

/** Longer metadata values are cut when they are shown, in characters. */
const MAX_VALUE_LENGTH = 80;

/** The changes that a plan for an organization's metadata takes. */
export function entryChanges(
  { instance, organization = "" }: Omit<Place, "envFile">,
  { set, removed }: MappingPlan,
): Change[] {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const change = (
    kind: "set-metadata" | "remove-metadata",
    entries: readonly EntryChange[],
    write: (batch: readonly EntryChange[]) => Promise<unknown>,
  ): Change[] =>
    entries.length === 0 ? [] : [{
      kind,
      lines: entries.map(describeEntry),
      needs: {
        right: "org.write",
        step: "write the organization's metadata",
        role: "ORG_OWNER",
      },
      make: () =>
        replaceValues(entries, {
          action: "write the mapping",
          read: async () =>
            (await listMetadata(instance, organization)).entries
              .map(({ key, value }) => [key, decoder.decode(value)] as const),
          write,
        }),
    }];
  return [
    ...change("set-metadata", set, (batch) => {
      const values = batch.map(({ key, to }) => ({
        key,
        value: encoder.encode(to),
      }));
      return setMetadata(instance, organization, values);
    }),
    ...change("remove-metadata", removed, (batch) => {
      const keys = batch.map(({ key }) => key);
      return removeMetadata(instance, organization, keys);
    }),
  ];
}

function describeEntry({ key, from, to }: EntryChange): DiffLine {
  const values = [from, to].filter((it) => it !== undefined).map((value) =>
    value.length > MAX_VALUE_LENGTH
      ? `${value.slice(0, MAX_VALUE_LENGTH)}...`
      : value
  );
  return {
    sign: from === undefined ? "+" : to === undefined ? "-" : "~",
    text: `metadata ${key}: ${values.join(" -> ")}`,
  };
}
