/** How long an event is remembered after its arrival: longer than any replay of it is accepted. */
export const EVENT_MEMORY_MS = 600_000;

/** An event of an organization. */
export interface KnownEvent {
  /** It grows per organization. */
  readonly sequence: number;
  /** In milliseconds since 1970. */
  readonly arrivedAt: number;
}

/**
 * Returns the event with the highest sequence of those that are not forgotten: a
 * restored ZITADEL may count from less. One from the future counts as
 * forgotten, since a clock was wrong.
 */
export function latestEvent(
  now: number,
  ...events: (KnownEvent | undefined)[]
): KnownEvent | undefined {
  let latest: KnownEvent | undefined;
  for (const event of events) {
    const age = event ? now - event.arrivedAt : -1;
    const isRemembered = age >= 0 && age < EVENT_MEMORY_MS;
    if (isRemembered && event!.sequence > (latest?.sequence ?? -Infinity)) {
      latest = event;
    }
  }
  return latest;
}
