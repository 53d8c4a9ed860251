import { LruMap } from "../util/lru_map.ts";
import { Semaphore } from "../util/semaphore.ts";
import { type ListingLimits, PAGE_SIZE } from "./metadata_listing.ts";

/**
 * What all readings in flight may hold together, in bytes. A reading holds a
 * quarter of it at most, and a quarter is kept for small readings, so that no
 * organization's metadata delays the logins of the others.
 */
const BUDGET_BYTES = 64 * 1024 * 1024;
const LARGE_READING_BYTES = BUDGET_BYTES / 4;

/** Enough for a page of 1,000 roles with a few permissions each. */
const SMALL_READING_BYTES = 256 * 1024;

/** How many small readings run at once: they share the last quarter. */
const MAX_SMALL_READINGS = LARGE_READING_BYTES / SMALL_READING_BYTES;
const MAX_LARGE_READINGS = 3;

/** How many organizations are read at once; others wait, within the same deadline. */
export const MAX_READINGS_AT_ONCE: number = MAX_SMALL_READINGS +
  MAX_LARGE_READINGS;

/** While it is decoded, a page is held twice; what is kept of it, once more. */
const HELD_PER_PAGE_BYTE = 3;

/**
 * The most that a large reading receives, in bytes, dropped values included:
 * what takes longer would keep its slot from others until the deadline.
 */
const MAX_RECEIVED_BYTES = 32 * 1024 * 1024;

/** For how many organizations, and how long in milliseconds, it is remembered that they are not small. */
const REMEMBERED = { maxEntries: 10_000, maxBytes: Infinity };
const MEMORY_MS = 60 * 60 * 1000;

/**
 * By how much a page shrinks after a reading that took too long, and for how
 * long it stays so, in milliseconds: ZITADEL may have been slow for other
 * reasons, and small pages take many requests.
 */
const LATE_SHRINKAGE = 4;
const LATE_MEMORY_MS = 60 * 1000;

/** A class of readings that share a part of the budget. */
export interface Lane extends ListingLimits {
  /** Limits how many of them run at once. */
  readonly semaphore: Semaphore;
}

/** How many entries to ask for at a time; changes while an organization is read. */
export interface PageLimit {
  /** The number of entries. */
  value: number;
}

/** Divides the memory for readings between small and large ones. */
export class ReadingBudget {
  /** Readings of at most a few pages of roles. */
  readonly small: Lane;
  /** Any other. */
  readonly large: Lane;
  readonly #now: () => number;
  readonly #outgrown = new LruMap<{ until: number; limit: PageLimit }>(
    REMEMBERED,
  );

  /**
   * Creates a budget.
   *
   * @param maxMappingBytes The most bytes of keys and values that a reading keeps.
   * @param now Returns the time, in milliseconds since 1970.
   */
  constructor(maxMappingBytes: number, now: () => number) {
    const smallPageBytes = Math.floor(SMALL_READING_BYTES / HELD_PER_PAGE_BYTE);
    this.#now = now;
    this.small = {
      semaphore: new Semaphore(MAX_SMALL_READINGS),
      maxAnswerBytes: smallPageBytes,
      maxKeptBytes: Math.min(smallPageBytes, maxMappingBytes),
      maxReceivedBytes: Infinity,
      // A small reading never asks for less: it becomes a large one.
      minLimit: PAGE_SIZE,
    };
    this.large = {
      semaphore: new Semaphore(MAX_LARGE_READINGS),
      maxAnswerBytes: Math.floor(LARGE_READING_BYTES / HELD_PER_PAGE_BYTE),
      maxKeptBytes: maxMappingBytes,
      maxReceivedBytes: MAX_RECEIVED_BYTES,
      minLimit: 1,
    };
  }

  /**
   * Returns the page limit of an organization that outgrew small readings.
   *
   * @param organization The organization's id.
   * @returns The limit, as the last reading left it; `undefined` if the organization counts as small.
   */
  largeLimit(organization: string): PageLimit | undefined {
    const found = this.#outgrown.get(organization);
    return found && found.until > this.#now() ? found.limit : undefined;
  }

  /**
   * Remembers for a while that an organization outgrew small readings.
   *
   * @param organization The organization's id.
   * @returns Its page limit.
   */
  outgrow(organization: string): PageLimit {
    const limit = { value: PAGE_SIZE };
    const until = this.#now() + MEMORY_MS;
    this.#outgrown.set(organization, { until, limit });
    return limit;
  }

  /**
   * Shrinks an organization's pages for a while, after a reading that took too
   * long: ZITADEL may need longer to collect a page than a reading may take.
   *
   * @param organization The organization's id.
   * @param limit Its page limit.
   */
  shrink(organization: string, limit: PageLimit): void {
    limit.value = Math.max(1, Math.floor(limit.value / LATE_SHRINKAGE));
    const until = this.#now() + LATE_MEMORY_MS;
    this.#outgrown.set(organization, { until, limit });
  }
}
