import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  listMetadata,
  removeMetadata,
  setMetadata,
} from "../zitadel/metadata.ts";
import type { EntryChange } from "./plan_mapping.ts";

/** Entries of the metadata that are written in one call. */
const BATCH = 100;

/** Changes an organization's metadata, and waits until ZITADEL shows the change. */
export async function writeEntries(
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
