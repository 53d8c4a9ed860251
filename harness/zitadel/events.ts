import { timestampMs } from "@bufbuild/protobuf/wkt";
import { AdminService } from "@zitadel/proto/zitadel/admin_pb";
import type { Event } from "@zitadel/proto/zitadel/event_pb";
import type { Instance } from "./client.ts";
import { attempt } from "./zitadel_error.ts";

/** A change of one metadata entry, or of all. */
export interface MetadataEvent {
  /** Grows with each event of the organization. */
  readonly sequence: bigint;
  /** In ISO form, to the millisecond; entries that are written together have one time. */
  readonly at: string;
  readonly editor: { readonly id: string; readonly name: string };
  /** `undefined` if all entries were removed. */
  readonly key: string | undefined;
  /** As stored; `undefined` if the entry was removed. */
  readonly value: Uint8Array | undefined;
}

const SET = "org.metadata.set";
const TYPES = [SET, "org.metadata.removed", "org.metadata.removed.all"];

/** A page of events, in number. */
const LIMIT = 1_000;

/**
 * Lists what the event log holds of an organization's metadata, the oldest
 * first. Needs `events.read`, which IAM_OWNER_VIEWER has.
 */
export async function listMetadataEvents(
  instance: Instance,
  organization: string,
): Promise<MetadataEvent[]> {
  const admin = instance.service(AdminService);
  const all: MetadataEvent[] = [];
  while (true) {
    const { events } = await attempt(
      "read the event log, which needs IAM_OWNER_VIEWER",
      () =>
        admin.listEvents({
          aggregateId: organization,
          aggregateTypes: ["org"],
          eventTypes: TYPES,
          asc: true,
          limit: LIMIT,
          sequence: all.at(-1)?.sequence ?? 0n,
        }),
    );
    if (events.length === 0) return all;
    all.push(...events.map(fromWire));
  }
}

function fromWire(
  { sequence, creationDate, editor, payload, type }: Event,
): MetadataEvent {
  const { key, value = "" } = payload ?? {};
  return {
    sequence,
    at: new Date(timestampMs(creationDate!)).toISOString(),
    editor: { id: editor?.userId ?? "", name: editor?.displayName ?? "" },
    key: key === undefined ? undefined : String(key),
    value: type?.type === SET
      ? Uint8Array.fromBase64(String(value))
      : undefined,
  };
}
