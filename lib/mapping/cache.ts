/**
 * Where an organization's mapping comes from: the isolate's memory, over Deno
 * KV, over ZITADEL. Fresh, it is served as it is. Stale, it is served while one
 * revalidation runs in the background. Expired or unknown, it is waited for.
 *
 * @module
 */
import { FunctionError } from "../errors.ts";
import { LruMap } from "../util/lru_map.ts";
import { type Flight, SingleFlight } from "../util/single_flight.ts";
import { EventSequences } from "./event_sequences.ts";
import {
  type Freshness,
  freshnessOf,
  type FreshnessOptions,
} from "./freshness.ts";
import type { InvalidationOutcome } from "./invalidations.ts";
import type { DatedMapping, KvStore, StoredMapping } from "./kv_store.ts";
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
export interface CacheOptions extends LoadMappingOptions, FreshnessOptions {
  /** Mappings shared with other isolates; absent without KV. */
  readonly store?: KvStore | undefined;
  /** Starts the deadline of one reading, which is as long as a call's. */
  readonly startDeadline: () => AbortSignal;
  /** Ends the watch for other isolates' invalidations. */
  readonly signal: AbortSignal;
}

/** What KV holds if there is none. */
const NOT_STORED: StoredMapping = { version: undefined };

interface Kept extends DatedMapping {
  /** The mapping's version in KV, if it is known. */
  version: string | null | undefined;
  /** The epoch in which the mapping was read, or compared with KV. */
  epoch: number;
  /** When a revalidation may be tried again. */
  retryAt: number;
}

/** The mappings of all organizations, by organization id. */
export class MappingCache {
  readonly #options: CacheOptions;
  readonly #memory = new LruMap<Kept>(MEMORY_BOUNDS);
  /** An invalidation forgets the reading under way: it may be older, so it is not kept. */
  readonly #readings = new SingleFlight<MappingLookup>();
  readonly #sequences: EventSequences;
  /** Events of which KV has yet to tell whether they are new. */
  readonly #deciding = new Map<string, Promise<boolean>>();
  readonly #load: LoadMapping;
  readonly #watching: Promise<void>;
  /** Raised if invalidations may have been missed: mappings of earlier epochs are unverified. */
  #epoch = 0;

  /**
   * Creates an empty cache.
   *
   * @param options What the cache needs.
   */
  constructor(options: CacheOptions) {
    this.#options = options;
    this.#sequences = new EventSequences(options.now);
    this.#load = createMappingLoader(options);
    this.#watching = options.store?.watch({
      onInvalidated: (organization, sequence) => {
        if (sequence !== undefined) this.#sequences.add(organization, sequence);
        this.#drop(organization);
      },
      onGap: () => {
        this.#epoch++;
        this.#readings.closeAll();
      },
    }, options.signal) ?? Promise.resolve();
  }

  /**
   * Looks an organization's mapping up.
   *
   * @param organization The organization's id.
   * @returns The mapping, at once if memory has it.
   * @throws {FunctionError} If it cannot be had.
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
    if (
      sequence !== undefined && !this.#sequences.add(organization, sequence)
    ) return false;
    if (!store) {
      this.#drop(organization);
      return true;
    }
    const decided = store.invalidate(organization, sequence)
      .then((outcome) => this.#settle(organization, outcome));
    this.#deciding.set(organization, decided);
    const isNew = await decided;
    if (this.#deciding.get(organization) === decided) {
      this.#deciding.delete(organization);
    }
    return isNew;
  }

  #settle(organization: string, outcome: InvalidationOutcome): boolean {
    if (outcome.kind !== "known") return true;
    // A replay changes nothing. But if it came out of order, then the later
    // event's announcement may still be under way.
    if (this.#memory.get(organization)?.version !== outcome.version) {
      this.#drop(organization);
    }
    return false;
  }

  #drop(organization: string): void {
    this.#memory.delete(organization);
    this.#readings.forget(organization);
  }

  #get(organization: string): MappingLookup | Promise<MappingLookup> {
    const kept = this.#memory.get(organization);
    const isUnverified = kept?.epoch !== this.#epoch;
    const state = kept ? this.#stateOf(kept) : "expired";
    if (!kept || isUnverified || state === "expired") {
      return this.#await(organization);
    }
    if (state === "stale") this.#revalidate(organization, kept);
    const source = state === "fresh" ? "memory" : "stale";
    return { mapping: kept.mapping, source };
  }

  async #await(organization: string): Promise<MappingLookup> {
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

  async #read(
    organization: string,
    { flight, acceptsStale }: {
      readonly flight: Flight;
      readonly acceptsStale: boolean;
    },
  ): Promise<MappingLookup> {
    const { store, now, startDeadline } = this.#options;
    // Started before the call's own: the next call finds no reading that is over.
    const deadline = startDeadline();
    await this.#watching;
    const epoch = this.#epoch;
    const kept = this.#memory.get(organization);
    const stored = await store?.read(organization, kept?.version) ?? NOT_STORED;
    if (acceptsStale && kept && this.#stateOf(kept) !== "expired") {
      const compared = this.#compare(kept, { stored, epoch });
      if (compared) return compared;
    }

    const { found, version } = stored;
    const state = found ? this.#stateOf(found) : "expired";
    if (found && (state === "fresh" || (state === "stale" && acceptsStale))) {
      if (flight.isCurrent()) {
        this.#keep(organization, found, { version, epoch });
      }
      const source = state === "fresh" ? "kv" : "stale";
      return { mapping: found.mapping, source };
    }

    const readAt = now();
    const mapping = await this.#load(organization, deadline);
    if (flight.isCurrent()) {
      const dated = { mapping, readAt };
      this.#share(
        organization,
        this.#keep(organization, dated, { version, epoch }),
      );
    }
    return { mapping, source: "zitadel" };
  }

  /** Compares an unverified mapping with KV; `undefined` if KV knows another. */
  #compare(
    kept: Kept,
    { stored, epoch }: {
      readonly stored: StoredMapping;
      readonly epoch: number;
    },
  ): MappingLookup | undefined {
    const { mapping } = kept;
    // Without an answer it serves as a stale one does: ZITADEL is asked behind it.
    if (stored.version === undefined) return { mapping, source: "stale" };
    if (stored.version !== kept.version) return undefined;
    kept.epoch = epoch;
    return {
      mapping,
      source: this.#stateOf(kept) === "fresh" ? "memory" : "stale",
    };
  }

  #keep(
    organization: string,
    { mapping, readAt }: DatedMapping,
    { version, epoch }: Pick<Kept, "version" | "epoch">,
  ): Kept {
    const kept: Kept = { mapping, readAt, version, epoch, retryAt: 0 };
    this.#memory.set(organization, kept, sizeOfMapping(mapping));
    return kept;
  }

  /** Writes a mapping to KV, behind the call that waits for it. */
  async #share(organization: string, kept: Kept): Promise<void> {
    const { store } = this.#options;
    if (!store || kept.version === undefined) return;
    const version = await store.write(organization, kept, kept.version);
    if (version) kept.version = version;
    // Another isolate knows something newer; the next call asks KV.
    if (version === false) this.#memory.delete(organization);
  }

  #stateOf({ readAt }: DatedMapping): Freshness {
    return freshnessOf(readAt, this.#options);
  }
}
