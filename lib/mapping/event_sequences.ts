import { LruMap } from "../util/lru_map.ts";

/**
 * How long an event's sequence is remembered, in milliseconds. Far longer than a
 * replay's signature is accepted, which is twice `TIMESTAMP_TOLERANCE_SECONDS`;
 * not forever, since a restored ZITADEL may count from less.
 */
export const EVENT_MEMORY_MS = 60 * 60 * 1000;

/** For how many organizations sequences are remembered. */
const MEMORY_BOUNDS = { maxEntries: 10_000, maxBytes: Infinity };

/** The highest sequence of each organization's events that this isolate knows of. */
export class EventSequences {
  readonly #highest = new LruMap<{ sequence: number; knownAt: number }>(
    MEMORY_BOUNDS,
  );
  readonly #now: () => number;

  /**
   * Creates an empty memory.
   *
   * @param now Returns the time, in milliseconds since 1970.
   */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Remembers an event.
   *
   * @param organization Whose event.
   * @param sequence The event's sequence.
   * @returns `false` if this event or a later one is known already.
   */
  add(organization: string, sequence: number): boolean {
    const now = this.#now();
    const known = this.#highest.get(organization);
    const isKnown = known !== undefined && sequence <= known.sequence &&
      now - known.knownAt < EVENT_MEMORY_MS;
    if (isKnown) return false;
    this.#highest.set(organization, { sequence, knownAt: now });
    return true;
  }
}
