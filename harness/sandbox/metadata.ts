import { deliverEvent } from "./executions.ts";
import type { Instance } from "./instance.ts";
import { setEntry } from "./populate.ts";
import { type Organization, touch } from "./world.ts";

/**
 * Sets a metadata entry, or removes it if there is no value, and sends the
 * event. What changes nothing sends none.
 */
export function changeMetadata(
  instance: Instance,
  organization: Organization,
  [key, value]: readonly [key: string, value: Uint8Array | undefined],
  userID: string,
): void {
  const { id, metadata } = organization;
  const encoded = value?.toBase64();
  if (metadata.get(key)?.value.toBase64() === encoded) return;
  if (value) setEntry(organization, key, value);
  else if (metadata.delete(key)) touch(organization);
  const type = `org.metadata.${value ? "set" : "removed"}`;
  deliverEvent(instance, type, {
    aggregateID: id,
    aggregateType: "org",
    resourceOwner: id,
    instanceID: instance.world.instanceId,
    version: "v1",
    sequence: organization.sequence,
    event_type: type,
    created_at: organization.changed.toISOString(),
    userID,
    event_payload: { key, value: encoded },
  });
}
