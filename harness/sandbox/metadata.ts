import { deliverEvent, type SandboxEvent } from "./executions.ts";
import type { Instance } from "./instance.ts";
import { dated, type Organization, touch } from "./world.ts";

/**
 * Sets a metadata value and sends the event. An unchanged value is no change
 * and sends none.
 */
export function setMetadata(
  instance: Instance,
  organization: Organization,
  key: string,
  value: Uint8Array,
  userId: string,
): void {
  const before = organization.metadata.get(key);
  const encoded = value.toBase64();
  if (before?.value.toBase64() === encoded) return;
  const entry = before ?? { ...dated(), value };
  touch(entry);
  entry.value = value;
  organization.metadata.set(key, entry);
  const payload = { key, value: encoded };
  send(instance, organization, { type: "org.metadata.set", userId, payload });
}

/** Removes a metadata value, if there is one, and sends the event. */
export function removeMetadata(
  instance: Instance,
  organization: Organization,
  key: string,
  userId: string,
): void {
  if (!organization.metadata.delete(key)) return;
  const event = { type: "org.metadata.removed", userId, payload: { key } };
  send(instance, organization, event);
}

function send(
  instance: Instance,
  organization: Organization,
  event: Pick<SandboxEvent, "type" | "userId" | "payload">,
): void {
  const sequence = ++organization.sequence;
  deliverEvent(instance, {
    ...{ ...event, organizationId: organization.id, sequence },
  });
}
