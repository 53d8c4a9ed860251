import { deliverEvent } from "./executions.ts";
import type { Instance } from "./instance.ts";
import { dated, type Organization, touch } from "./world.ts";

export interface NewEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * Sets a metadata value and sends the event. An unchanged value is no change
 * and sends none.
 */
export function setMetadata(
  instance: Instance,
  organization: Organization,
  { key, value }: NewEntry,
  userId: string,
): void {
  const before = organization.metadata.get(key);
  const encoded = value.toBase64();
  if (before?.value.toBase64() === encoded) return;
  const entry = before ?? { ...dated(), value };
  touch(entry);
  entry.value = value;
  organization.metadata.set(key, entry);
  send(instance, organization, {
    type: "org.metadata.set",
    userId,
    payload: { key, value: encoded },
  });
}

/** Removes a metadata value, if there is one, and sends the event. */
export function removeMetadata(
  instance: Instance,
  organization: Organization,
  key: string,
  userId: string,
): void {
  if (!organization.metadata.delete(key)) return;
  send(instance, organization, {
    type: "org.metadata.removed",
    userId,
    payload: { key },
  });
}

function send(
  instance: Instance,
  organization: Organization,
  event: { type: string; userId: string; payload: unknown },
): void {
  organization.sequence++;
  deliverEvent(instance, {
    ...event,
    organizationId: organization.id,
    sequence: organization.sequence,
  });
}
