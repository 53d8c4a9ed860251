import { deliverEvent } from "./executions.ts";
import type { Instance } from "./instance.ts";
import { dated, touch } from "./dated.ts";
import type { Organization } from "./world.ts";

/**
 * Sets a metadata value and sends the event. An unchanged value is no change
 * and sends none.
 */
export function setMetadata(
  instance: Instance,
  organization: Organization,
  { key, value, userId }: { key: string; value: Uint8Array; userId: string },
): void {
  const before = organization.metadata.get(key);
  if (before && equal(before.value, value)) return;
  organization.sequence++;
  const entry = before ?? { ...dated(), value };
  touch(entry);
  entry.value = value;
  entry.sequence = organization.sequence;
  organization.metadata.set(key, entry);
  deliverEvent(instance, {
    type: "org.metadata.set",
    organizationId: organization.id,
    sequence: organization.sequence,
    created: entry.changed,
    userId,
    payload: { key, value: value.toBase64() },
  });
}

/**
 * Removes a metadata value and sends the event; `false` if there is no such
 * key.
 */
export function removeMetadata(
  instance: Instance,
  organization: Organization,
  { key, userId }: { key: string; userId: string },
): boolean {
  if (!organization.metadata.delete(key)) return false;
  organization.sequence++;
  deliverEvent(instance, {
    type: "org.metadata.removed",
    organizationId: organization.id,
    sequence: organization.sequence,
    created: new Date(),
    userId,
    payload: { key },
  });
  return true;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
