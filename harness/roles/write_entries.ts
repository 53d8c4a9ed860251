import type { DiffLine } from "../cli/diff.ts";
import type { Change, Place } from "../setup/change.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  listMetadata,
  removeMetadata,
  setMetadata,
} from "../zitadel/metadata.ts";
import type { EntryChange, MappingPlan } from "./plan_mapping.ts";

/** Entries of the metadata that are written in one call. */
const BATCH = 100;

/** Longer metadata values are cut when they are shown, in characters. */
const MAX_VALUE_LENGTH = 80;

/** The changes that a plan for an organization's metadata takes. */
export function entryChanges(
  { instance, organization }: Pick<Place, "instance" | "organization">,
  { set, removed }: MappingPlan,
): Change[] {
  const change = (
    kind: "set-metadata" | "remove-metadata",
    entries: readonly EntryChange[],
  ): Change => ({
    kind,
    lines: entries.map(describeEntry),
    needs: {
      right: "org.write",
      step: "write the organization's metadata",
      role: "ORG_OWNER",
    },
    make: () => writeEntries(instance, organization!, entries),
  });
  return [
    ...set.length > 0 ? [change("set-metadata", set)] : [],
    ...removed.length > 0 ? [change("remove-metadata", removed)] : [],
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

/** Changes an organization's metadata, and waits until ZITADEL shows the change. */
async function writeEntries(
  instance: Instance,
  organization: string,
  changes: readonly EntryChange[],
): Promise<void> {
  const encoder = new TextEncoder();
  const set = changes.flatMap(({ key, to }) =>
    to === undefined ? [] : [{ key, value: encoder.encode(to) }]
  );
  const removed = changes.filter(({ to }) => to === undefined)
    .map(({ key }) => key);
  for (let i = 0; i < set.length; i += BATCH) {
    await setMetadata(instance, organization, set.slice(i, i + BATCH));
  }
  for (let i = 0; i < removed.length; i += BATCH) {
    await removeMetadata(instance, organization, removed.slice(i, i + BATCH));
  }
  await waitUntil(async () => {
    const { entries } = await listMetadata(instance, organization);
    const decoder = new TextDecoder();
    const values = new Map(
      entries.map(({ key, value }) => [key, decoder.decode(value)]),
    );
    return changes.every(({ key, to }) => values.get(key) === to);
  }, { what: "the metadata is changed" });
}
