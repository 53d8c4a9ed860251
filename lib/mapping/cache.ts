/**
 * Where an organization's mapping comes from: the isolate's memory, over Deno
 * KV, over ZITADEL. Fresh, it is served as it is. Stale, it is served while one
 * revalidation runs in the background. Expired or unknown, it is waited for.
 * Unverified, since another isolate may have been sent an event, it is compared
 * with KV before it is served. An isolate is one running copy of the function,
 * with a memory of its own.
 *
 * @module
 */
import { describeFailure } from "../errors.ts";
import { LruMap } from "../util/lru_map.ts";
import { type Flight, SingleFlight } from "../util/single_flight.ts";
import type { KvStore, Stored } from "./kv_store.ts";
import {
  type DatedMapping,
  type KnownEvent,
  latestEvent,
} from "./kv_values.ts";
import {
  createMappingLoader,
  type LoadMappingOptions,
} from "./load_mapping.ts";
import type { RoleMapping } from "./role_mapping.ts";

/** How many organizations the isolate's memory keeps, and their events. */
const MAX_ORGANIZATIONS = 10_000;

/** How much their mappings take: far under the 512 MB that an edge isolate has. */
const MAX_BYTES = 64 * 1024 * 1024;

/** How long a failed revalidation is not tried again while a stale mapping serves. */
const REVALIDATE_RETRY_MS = 1_000;

/** A mapping, and where it came from. */
export interface MappingLookup {
  readonly mapping: RoleMapping;
  readonly source: "memory" | "stale" | "kv" | "zitadel";
}

export interface CacheOptions extends LoadMappingOptions {
  /** Mappings shared with other isolates; absent without KV. */
  readonly store?: KvStore | undefined;
  readonly freshMs: number;
  /** How long after that a mapping is stale. */
  readonly staleMs: number;
  /** Starts the deadline of one reading, which is as long as a call's. */
  readonly startReadingDeadline: () => AbortSignal;
  readonly now: () => number;
  /** Ends what runs in the background. */
  readonly shutdown: AbortSignal;
}

/** A mapping in memory. */
interface Kept extends DatedMapping {
  /** What KV held when it was read from there, or before ZITADEL was asked; `null` also if KV did not answer. */
  version: string | null;
  /** The epoch in which it was read, or compared with KV. */
  epoch: number;
  /** When a revalidation may be tried again. */
  retryAt: number;
}

/** An epoch that never is: the mapping is compared with KV at its next use. */
const UNVERIFIED = -1;

/** What a reading of KV returns if there is no KV. */
const NOTHING: Stored = { version: null };

/** The mappings of all organizations, by organization id. */
export class MappingCache {
  readonly #options: CacheOptions;
  readonly #load: ReturnType<typeof createMappingLoader>;
  readonly #memory = new LruMap<Kept>(MAX_ORGANIZATIONS, MAX_BYTES);
  /** The last event that is known of an organization. */
  readonly #events = new LruMap<KnownEvent>(MAX_ORGANIZATIONS);
  /** When this isolate was last sent a genuine event. No later call is served what was read before. */
  readonly #drops = new LruMap<{ readonly at: number }>(MAX_ORGANIZATIONS);
  /** The readings under way: one of an organization runs, and one waits. */
  readonly #readings = new SingleFlight<MappingLookup>();
  readonly #comparisons = new SingleFlight<Stored | undefined>();
  /** Raised if changes of any organization may have been missed: mappings of earlier epochs are unverified. */
  #epoch = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#load = createMappingLoader(options);
    void options.store?.watch(
      (organization) => this.#suspect(organization),
      options.shutdown,
    );
  }

  /**
   * Looks an organization's mapping up, at once if memory has it.
   *
   * @throws {FunctionError} If the mapping cannot be read.
   */
  get(organization: string): MappingLookup | Promise<MappingLookup> {
    const kept = this.#memory.get(organization);
    const freshness = this.#freshnessOf(kept);
    if (!kept || freshness === "expired") {
      return this.#getByReading(organization);
    }
    return kept.epoch === this.#epoch
      ? this.#serve(organization, kept, freshness === "fresh")
      : this.#getByComparison(organization, kept);
  }

  #serve(organization: string, kept: Kept, isFresh: boolean): MappingLookup {
    if (!isFresh) this.#revalidate(organization, kept);
    return { mapping: kept.mapping, source: isFresh ? "memory" : "stale" };
  }

  /** Compares an unverified mapping with KV: not by a reading, which may be waiting for ZITADEL. */
  async #getByComparison(
    organization: string,
    kept: Kept,
  ): Promise<MappingLookup> {
    const { store } = this.#options;
    const stored = await this.#comparisons.do(organization, async (flight) => {
      const stored = await store!.read(organization, kept.version);
      const isConfirmed = stored?.version === kept.version;
      if (isConfirmed && flight.isJoinable) kept.epoch = this.#epoch;
      return stored;
    });
    const isConfirmed = stored?.version === kept.version;
    if (stored && !isConfirmed) return this.#getByReading(organization);
    // Without an answer of KV it serves as a stale one does.
    const isFresh = isConfirmed && this.#freshnessOf(kept) === "fresh";
    return this.#serve(organization, kept, isFresh);
  }

  /**
   * Drops an organization's mapping because of an event, and announces that to
   * other isolates, which compare theirs with KV at their next use. What is being
   * read is outdated, too: it may be older.
   *
   * @param sequence The event's, if it has one; it grows per organization.
   * @returns `false` if this event, or a later one, was acted on already.
   */
  async invalidate(organization: string, sequence?: number): Promise<boolean> {
    const now = this.#options.now();
    const known = latestEvent(now, this.#events.get(organization));
    if (sequence !== undefined && known && sequence <= known.sequence) {
      return false;
    }
    const event = sequence === undefined
      ? undefined
      : { sequence, arrivedAt: now };
    if (event) this.#events.set(organization, event);
    const dropBefore = this.#drops.get(organization);
    const drop = { at: now };
    this.#drops.set(organization, drop);
    this.#memory.delete(organization);
    this.#readings.outdate(organization);
    const isNew = await this.#options.store?.invalidate(organization, event) ??
      true;
    // Only KV knew that it is a replay: what KV holds stays valid, and is read
    // again in place of what was dropped here.
    if (!isNew && this.#drops.get(organization) === drop) {
      this.#drops.set(organization, dropBefore ?? { at: -Infinity });
    }
    return isNew;
  }

  /** Marks what may have changed; without an organization, everything. Nothing is dropped. */
  #suspect(organization?: string): void {
    this.#readings.stopJoining(organization);
    this.#comparisons.stopJoining(organization);
    if (organization === undefined) return void this.#epoch++;
    const kept = this.#memory.get(organization);
    if (kept) kept.epoch = UNVERIFIED;
  }

  async #getByReading(organization: string): Promise<MappingLookup> {
    const lookup = await this.#readings.do(
      organization,
      (flight) => this.#read(organization, flight, { acceptsStale: true }),
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
      (flight) => this.#read(organization, flight, { acceptsStale: false }),
    ).catch((error: unknown) => {
      kept.retryAt = now() + REVALIDATE_RETRY_MS;
      const { entry } = describeFailure(error);
      log({
        ...entry,
        level: "error",
        message:
          `${entry.message}; the mapping read before serves until it expires`,
        organization,
      });
    });
  }

  /** Compares memory with KV, then asks ZITADEL. Keeps the answer unless the reading is outdated meanwhile. */
  async #read(
    organization: string,
    flight: Flight,
    { acceptsStale }: { readonly acceptsStale: boolean },
  ): Promise<MappingLookup> {
    const { store, now, startReadingDeadline } = this.#options;
    // A reading that a call starts begins before the call's own deadline, which
    // is as long. So if ZITADEL hangs, the reading is over when that call gives
    // up, and the next call does not join one about to fail.
    const deadline = startReadingDeadline();
    const kept = this.#memory.get(organization);
    const stored = store
      ? await store.read(organization, kept?.version)
      : NOTHING;
    const isConfirmed = stored?.version === kept?.version;
    // KV may have been restored, or have lost the tombstone.
    const droppedAt = this.#drops.get(organization)?.at ?? -Infinity;
    const isOutdated = stored?.found && stored.found.readAt <= droppedAt;
    const found = isOutdated ? undefined : stored?.found;
    // Without an answer of KV, an unverified mapping serves as a stale one does.
    const known = isConfirmed || !stored ? kept : found;
    const freshness = this.#freshnessOf(known);
    const isFresh = freshness === "fresh" && stored !== undefined;
    if (known && (isFresh || (acceptsStale && freshness !== "expired"))) {
      if (known !== kept) {
        this.#keep(organization, { ...known, ...stored! }, flight);
      } else if (stored && flight.isJoinable) kept.epoch = this.#epoch;
      const place = isConfirmed ? "memory" : "kv";
      return { mapping: known.mapping, source: isFresh ? place : "stale" };
    }

    const readAt = now();
    const mapping = await this.#load(organization, deadline);
    const loaded = { ...stored ?? NOTHING, mapping, readAt };
    const newlyKept = this.#keep(organization, loaded, flight);
    if (store && stored && newlyKept) {
      // The call does not wait for the write.
      void store.write(organization, newlyKept, stored).then((written) => {
        // KV changed meanwhile: the next use compares, and takes what KV has.
        if (written === null) newlyKept.epoch = UNVERIFIED;
        else if (written) newlyKept.version = written;
      });
    }
    return { mapping, source: "zitadel" };
  }

  #keep(
    organization: string,
    { mapping, readAt, version, event }: DatedMapping & Stored,
    flight: Flight,
  ): Kept | undefined {
    if (!flight.isCurrent) return undefined;
    // What changed meanwhile is not in it if others may not join.
    const epoch = flight.isJoinable ? this.#epoch : UNVERIFIED;
    const kept = { mapping, readAt, version, epoch, retryAt: 0 };
    this.#memory.set(organization, kept, mapping.bytes);
    const known = this.#events.get(organization);
    const latest = latestEvent(this.#options.now(), known, event);
    if (latest && latest !== known) this.#events.set(organization, latest);
    return kept;
  }

  #freshnessOf(known: DatedMapping | undefined): "fresh" | "stale" | "expired" {
    const { freshMs, staleMs, now } = this.#options;
    const age = known ? now() - known.readAt : Infinity;
    // A timestamp in the future means that a clock was wrong, here or elsewhere.
    if (age < 0 || age >= freshMs + staleMs) return "expired";
    return age < freshMs ? "fresh" : "stale";
  }
}
