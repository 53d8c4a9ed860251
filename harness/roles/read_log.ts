import type { Io } from "../cli/io.ts";
import { printable } from "../cli/terminal.ts";
import { listMetadataEvents } from "../zitadel/events.ts";
import { unexplainedKeys } from "./mapping_at.ts";
import type { readMetadata } from "./read_metadata.ts";

/** Reads the event log of an organization, and finds out whether it explains the metadata. */
export async function readLog(
  { instance, organization, entries }: Awaited<ReturnType<typeof readMetadata>>,
  io: Io,
) {
  io.progress(`reading the event log of ${instance.origin}`);
  const events = await listMetadataEvents(instance, organization.id);
  io.progress();
  const unexplained = unexplainedKeys(events, entries);
  const keys = unexplained.map(printable).join(", ");
  const gap = keys &&
    `the event log no longer holds, or does not hold yet, how these entries came about: ${keys}`;
  return { events, unexplained, gap };
}
