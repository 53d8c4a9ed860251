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
  { instance, organization }: Omit<Place, "envFile">,
  { set, removed }: MappingPlan,
): Change[] {
  const encoder = new TextEncoder();
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
      make: () => writeEntries(instance, organization!, { entries, write }),
    }];
  return [
    ...change("set-metadata", set, (batch) => {
      const values = batch.map(({ key, to }) => ({
        key,
        value: encoder.encode(to),
      }));
      return setMetadata(instance, organization!, values);
    }),
    ...change("remove-metadata", removed, (batch) => {
      const keys = batch.map(({ key }) => key);
      return removeMetadata(instance, organization!, keys);
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
  { entries: changes, write }: {
    readonly entries: readonly EntryChange[];
    readonly write: (batch: readonly EntryChange[]) => Promise<unknown>;
  },
): Promise<Recheck> {
  const read = async () => {
    const { entries } = await listMetadata(instance, organization);
    const decoder = new TextDecoder();
    const values = new Map(
      entries.map(({ key, value }) => [key, decoder.decode(value)]),
    );
    /** The entries that are not as they were, or as they are to be. */
    return (them: readonly EntryChange[], is: "from" | "to") =>
      them.filter((it) => values.get(it.key) !== it[is]);
  };
  const require = async (them: readonly EntryChange[], is: "from" | "to") => {
    const others = (await read())(them, is).map(({ key }) => key);
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
    await write(batch);
  }
  await waitUntil(async () => {
    const differing = await read();
    const pending = differing(changes, "to");
    // Neither the old nor the new value: waiting does not help.
    return pending.length === 0 || differing(pending, "from").length > 0;
  }, { what: "the metadata is changed" });
  await require(changes, "to");
  return () => require(changes, "to");
}
