import type { DiffLine } from "../cli/diff.ts";
import type { Change, Place, Recheck } from "../plan/change.ts";
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

/**
 * Changes an organization's metadata, unless an entry is no longer what the plan was
 * made from, and waits until ZITADEL shows the change. Another command that read the
 * entries before may still write them later, which the recheck finds.
 *
 * @throws {Error} If someone else changes an entry at the same time.
 */
async function writeEntries(
  instance: Instance,
  organization: string,
  changes: readonly EntryChange[],
): Promise<Recheck> {
  const differing = async (them: readonly EntryChange[], is: "from" | "to") => {
    const { entries } = await listMetadata(instance, organization);
    const decoder = new TextDecoder();
    const values = new Map(
      entries.map(({ key, value }) => [key, decoder.decode(value)]),
    );
    return them.filter((it) => values.get(it.key) !== it[is]);
  };
  const require = async (them: readonly EntryChange[], is: "from" | "to") => {
    const others = (await differing(them, is)).map(({ key }) => key);
    if (others.length === 0) return;
    throw new Error(
      `Cannot write the mapping: someone else changed ${
        others.join(", ")
      } while the command ran, and that was left as it is. Run it again to see the change`,
    );
  };
  for (let i = 0; i < changes.length; i += BATCH) {
    const batch = changes.slice(i, i + BATCH);
    await require(batch, "from");
    await writeBatch(instance, organization, batch);
  }
  await waitUntil(async () => {
    const pending = await differing(changes, "to");
    // Neither the old nor the new value: waiting does not help.
    return pending.length === 0 ||
      (await differing(pending, "from")).length > 0;
  }, { what: "the metadata is changed" });
  await require(changes, "to");
  return () => require(changes, "to");
}

/** Writes entries, or removes them: a batch has one kind of change only. */
async function writeBatch(
  instance: Instance,
  organization: string,
  batch: readonly EntryChange[],
): Promise<void> {
  const encoder = new TextEncoder();
  const set = batch.flatMap(({ key, to }) =>
    to === undefined ? [] : [{ key, value: encoder.encode(to) }]
  );
  const keys = batch.map(({ key }) => key);
  if (set.length > 0) await setMetadata(instance, organization, set);
  else await removeMetadata(instance, organization, keys);
}
