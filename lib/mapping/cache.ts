/**
 * Where an organization's mapping comes from: the isolate's memory, over Deno
 * KV, over ZITADEL. Fresh, it is served as it is. Stale, it is served while one
 * revalidation runs in the background. Expired or unknown, it is waited for.
 * An isolate is one running copy of the function, with a memory of its own.
 *
 * @module
 */
import { FunctionError } from "../errors.ts";
import { LruMap } from "../util/lru_map.ts";
import { type Flight, SingleFlight } from "../util/single_flight.ts";
import { EventSequences } from "./event_sequences.ts";
import type { InvalidationOutcome } from "./invalidations.ts";
import {
  type DatedMapping,
  type KvStore,
  type KvVersion,
  type StoredMapping,
  UNKNOWN_VERSION,
} from "./kv_store.ts";
import {
  createMappingLoader,
  type LoadMapping,
  type LoadMappingOptions,
} from "./load_mapping.ts";
import { type RoleMapping, sizeOfMapping } from "./role_mapping.ts";

/** How much the isolate's memory keeps: far under the 512 MB that an edge isolate has. */
const MEMORY_BOUNDS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 };

/** How long a failed revalidation is not tried again while a stale mapping serves, in milliseconds. */
export const REVALIDATE_RETRY_MS = 1_000;

/** Where a mapping came from. */
export type MappingSource = "memory" | "stale" | "kv" | "zitadel";

/** A mapping, and where it came from. */
export interface MappingLookup {
  /** The organization's mapping. */
  readonly mapping: RoleMapping;
  /** Where it came from. */
  readonly source: MappingSource;
}

/** What the cache needs. */
export interface CacheOptions extends LoadMappingOptions {
  /** Mappings shared with other isolates; absent without KV. */
  readonly store?: KvStore | undefined;
  /** How long a mapping is fresh, in milliseconds. */
  readonly freshMs: number;
  /** How long after that it is stale, in milliseconds. */
  readonly staleMs: number;
  /** Starts the deadline of one reading, which is as long as a call's. */
  readonly startReadingDeadline: () => AbortSignal;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Ends what runs in the background once it is aborted. */
  readonly shutdown: AbortSignal;
}

/** A mapping that is fresh is served as it is; a stale one is served while it is revalidated; an expired one is not served. */
type Freshness = "fresh" | "stale" | "expired";

const NOT_ASKED: StoredMapping = { version: UNKNOWN_VERSION };

/** What a reading brings. */
interface Reading extends DatedMapping {
  /** The mapping's version in KV. */
  version: KvVersion;
  /** The epoch in which the mapping was read, or compared with KV. */
  epoch: number;
}

/** A mapping in memory. */
interface Kept extends Reading {
  /** When a revalidation may be tried again. */
  retryAt: number;
}

/** The mappings of all organizations, by organization id. */
export class MappingCache {
  readonly #options: CacheOptions;
  readonly #load: LoadMapping;
  readonly #memory = new LruMap<Kept>(MEMORY_BOUNDS);
  /** The readings under way: one of an organization runs, and one waits. */
  readonly #readings = new SingleFlight<MappingLookup>();
  readonly #sequences: EventSequences;
  /** Events of which KV has yet to tell if they are new, by organization. */
  readonly #deciding = new Map<string, Promise<boolean>>();
  /** Settles once the watch for other isolates' invalidations has begun, or is too slow. */
  readonly #watching: Promise<void> | undefined;
  /** Raised if invalidations may have been missed: mappings of earlier epochs are unverified. */
  #epoch = 0;

  /**
   * Creates an empty cache.
   *
   * @param options What the cache needs.
   */
  constructor(options: CacheOptions) {
    this.#options = options;
    this.#load = createMappingLoader(options);
    this.#sequences = new EventSequences(options.now);
    this.#watching = options.store?.invalidations.watch({
      onInvalidated: (organization, sequence) => {
        if (sequence !== undefined) this.#sequences.add(organization, sequence);
        this.#drop(organization);
      },
      onGap: () => {
        this.#epoch++;
        this.#readings.stopJoining();
      },
    }, options.shutdown);
  }

  /**
   * Looks an organization's mapping up.
   *
   * @param organization The organization's id.
   * @returns The mapping, at once if memory has it.
   * @throws {FunctionError} If the mapping cannot be read.
   */
  get(organization: string): MappingLookup | Promise<MappingLookup> {
    const decided = this.#deciding.get(organization);
    return decided
      ? decided.then(() => this.#get(organization))
      : this.#get(organization);
  }

  /**
   * Drops an organization's mapping, here and in other isolates, because of an
   * event. Calls that come while KV decides if the event is new wait for that.
   *
   * @param organization The organization's id.
   * @param sequence The event's sequence, if it has one; it grows per organization.
   * @returns `false` if this event, or a later one, was acted on already.
   */
  async invalidate(organization: string, sequence?: number): Promise<boolean> {
    const { store } = this.#options;
    const isNews = sequence === undefined ||
      this.#sequences.add(organization, sequence);
    if (!isNews) return false;
    if (!store) {
      this.#drop(organization);
      return true;
    }
    const decided = store.invalidations.invalidate(organization, sequence)
      .then((outcome) => this.#settle(organization, outcome));
    this.#deciding.set(organization, decided);
    const isNew = await decided;
    if (this.#deciding.get(organization) === decided) {
      this.#deciding.delete(organization);
    }
    return isNew;
  }

  #settle(organization: string, outcome: InvalidationOutcome): boolean {
    const isKnown = outcome.kind === "known";
    // A replay changes nothing. But if it came out of order, then the later
    // event's announcement may still be under way, and KV's version differs.
    const isUpToDate = isKnown &&
      this.#memory.get(organization)?.version === outcome.version;
    if (!isUpToDate) this.#drop(organization);
    return !isKnown;
  }

  /** Also outdates the reading under way: it may be older, so it is not kept. */
  #drop(organization: string): void {
    this.#memory.delete(organization);
    this.#readings.outdate(organization);
  }

  #get(organization: string): MappingLookup | Promise<MappingLookup> {
    const kept = this.#memory.get(organization);
    // Of an earlier epoch, it is unverified.
    if (kept?.epoch !== this.#epoch) return this.#getByReading(organization);
    const freshness = this.#freshnessOf(kept);
    if (freshness === "expired") return this.#getByReading(organization);
    if (freshness === "stale") this.#revalidate(organization, kept);
    const source = freshness === "fresh" ? "memory" : "stale";
    return { mapping: kept.mapping, source };
  }

  async #getByReading(organization: string): Promise<MappingLookup> {
    const lookup = await this.#readings.do(
      organization,
      (flight) => this.#read(organization, { flight, acceptsStale: true }),
    );
    const kept = this.#memory.get(organization);
    if (lookup.source === "stale" && kept) this.#revalidate(organization, kept);
    return lookup;
  }

  /** Reads in the background; calls that come meanwhile get the stale mapping. */
  #revalidate(organization: string, kept: Kept): void {
    const { now, log } = this.#options;
    if (now() < kept.retryAt || this.#readings.has(organization)) return;
    this.#readings.do(
      organization,
      (flight) => this.#read(organization, { flight, acceptsStale: false }),
    ).catch((error: unknown) => {
      kept.retryAt = now() + REVALIDATE_RETRY_MS;
      const known = error instanceof FunctionError ? error : undefined;
      log({
        level: "error",
        message: `${
          known?.message ?? "Cannot revalidate a mapping"
        }; the mapping read before serves until it expires`,
        organization,
        reason: known?.details.reason,
        remedy: known?.details.remedy,
      });
    });
  }

  /** Asks KV, then ZITADEL, and keeps the answer unless the reading is outdated meanwhile. */
  async #read(
    organization: string,
    { flight, acceptsStale }: {
      readonly flight: Flight;
      readonly acceptsStale: boolean;
    },
  ): Promise<MappingLookup> {
    const { store, now, startReadingDeadline } = this.#options;
    // A reading that a call starts begins before the call's own deadline, which is
    // as long. So if ZITADEL hangs, the reading is over when that call gives up,
    // and the next call starts another instead of joining one about to fail.
    const deadline = startReadingDeadline();
    await this.#watching;
    const epoch = this.#epoch;
    const kept = this.#memory.get(organization);
    const { version, found } = await store?.read(organization, kept?.version) ??
      NOT_ASKED;
    if (acceptsStale && kept && this.#freshnessOf(kept) !== "expired") {
      const verified = this.#verify(kept, { version, epoch });
      if (verified) return verified;
    }

    const freshness = found ? this.#freshnessOf(found) : "expired";
    const isServed = freshness === "fresh" ||
      (freshness === "stale" && acceptsStale);
    if (found && isServed) {
      if (flight.isCurrent()) {
        this.#keep(organization, { ...found, version, epoch });
      }
      const source = freshness === "fresh" ? "kv" : "stale";
      return { mapping: found.mapping, source };
    }

    const readAt = now();
    const mapping = await this.#load(organization, deadline);
    if (flight.isCurrent()) {
      const read: Reading = { mapping, readAt, version, epoch };
      this.#share(organization, this.#keep(organization, read));
    }
    return { mapping, source: "zitadel" };
  }

  /** Compares an unverified mapping with KV; `undefined` if KV knows another. */
  #verify(
    kept: Kept,
    { version, epoch }: Pick<Reading, "version" | "epoch">,
  ): MappingLookup | undefined {
    const { mapping } = kept;
    // Without an answer it serves as a stale one does: ZITADEL is asked behind it.
    if (version === UNKNOWN_VERSION) return { mapping, source: "stale" };
    // With nothing in KV there is no tombstone, which would outlive the mapping.
    if (version !== null && version !== kept.version) return undefined;
    kept.epoch = epoch;
    const isFresh = this.#freshnessOf(kept) === "fresh";
    return { mapping, source: isFresh ? "memory" : "stale" };
  }

  #keep(organization: string, read: Reading): Kept {
    const kept = { ...read, retryAt: 0 };
    this.#memory.set(organization, kept, sizeOfMapping(kept.mapping));
    return kept;
  }

  /** Writes a mapping to KV, behind the call that waits for it. */
  async #share(organization: string, kept: Kept): Promise<void> {
    const { store } = this.#options;
    if (!store || kept.version === UNKNOWN_VERSION) return;
    const outcome = await store.write(organization, kept, kept.version);
    if (outcome.kind === "written") kept.version = outcome.version;
    // Another isolate knows something newer, so the next call asks KV. Memory
    // may have a newer mapping itself by now, which stays.
    const isKept = this.#memory.get(organization) === kept;
    if (outcome.kind === "outdated" && isKept) {
      this.#memory.delete(organization);
    }
  }

  #freshnessOf({ readAt }: DatedMapping): Freshness {
    const { freshMs, staleMs, now } = this.#options;
    const age = now() - readAt;
    // A timestamp in the future means that a clock was wrong, here or elsewhere.
    if (age < 0 || age >= freshMs + staleMs) return "expired";
    return age < freshMs ? "fresh" : "stale";
  }
}
