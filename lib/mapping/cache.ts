/**
 * Where an organization's mapping comes from: the isolate's memory, over Deno
 * KV, over ZITADEL. Fresh, it is served as it is. Stale, it is served while it
 * is read anew in the background. Older, or unknown, it is waited for.
 *
 * @module
 */
import { FunctionError } from "../errors.ts";
import type { Log } from "../observability/log.ts";
import { LruMap } from "../util/lru_map.ts";
import type { KvStore } from "./kv_store.ts";
import type { ReadMetadata } from "../zitadel/metadata_reader.ts";
import { parseRoleMapping, type RoleMapping } from "./role_mapping.ts";

/** How much the isolate's memory keeps: far under the 512 MB that an edge isolate has. */
const MEMORY_BOUNDS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 };

/** What a mapping takes beside the text of its names, roughly, in bytes. */
const ENTRY_OVERHEAD_BYTES = 512;

/** How long a failed refresh is not tried again while a stale mapping serves, in milliseconds. */
export const REFRESH_RETRY_MS = 1_000;

/** How many unreadable entries one log line names; `deno task doctor` names them all. */
const MAX_REPORTED = 20;

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
export interface CacheOptions {
  /** Reads an organization's metadata from ZITADEL. */
  readonly readMetadata: ReadMetadata;
  /** Mappings shared with other isolates; absent without KV. */
  readonly store?: KvStore | undefined;
  /** How long a mapping is served as it is, in milliseconds. */
  readonly freshMs: number;
  /** How long after that it is served while it is read anew, in milliseconds. */
  readonly staleMs: number;
  /** Tells the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Takes what an operator should know. */
  readonly log: Log;
  /** Ends the watch for other isolates' invalidations. */
  readonly signal: AbortSignal;
}

interface Kept {
  readonly mapping: RoleMapping;
  /** When its reading began: what changed later is not in it. */
  readonly readAt: number;
  /** When a refresh may be tried again. */
  retryAt: number;
}

/** The mappings of all organizations, by organization id. */
export class MappingCache {
  readonly #options: CacheOptions;
  readonly #memory = new LruMap<Kept>(MEMORY_BOUNDS);
  /**
   * Readings under way, which everyone who asks meanwhile shares. One that is no
   * longer here was overtaken by an invalidation: nothing of it is kept, and
   * only those who asked before get its result.
   */
  readonly #readings = new Map<string, Promise<MappingLookup>>();
  /** What was last said of an organization's unreadable entries. */
  readonly #reported = new LruMap<string>(MEMORY_BOUNDS);
  readonly #watching: Promise<void>;

  /**
   * Makes an empty cache.
   *
   * @param options What the cache needs.
   */
  constructor(options: CacheOptions) {
    this.#options = options;
    this.#watching = options.store?.watch(
      (organization) => this.#drop(organization),
      options.signal,
    ) ?? Promise.resolve();
  }

  /**
   * Gives an organization's mapping.
   *
   * @param organization The organization's id.
   * @returns The mapping, at once where memory has it.
   * @throws {FunctionError} Where it cannot be had.
   */
  get(organization: string): MappingLookup | Promise<MappingLookup> {
    const kept = this.#memory.get(organization);
    if (kept) {
      if (this.#isFresh(kept.readAt)) {
        return { mapping: kept.mapping, source: "memory" };
      }
      if (this.#isUsable(kept.readAt)) {
        this.#refresh(organization, kept);
        return { mapping: kept.mapping, source: "stale" };
      }
      this.#memory.delete(organization);
    }
    return this.#readUsable(organization);
  }

  /**
   * Forgets an organization's mapping, here and in other isolates.
   *
   * @param organization The organization's id.
   */
  async invalidate(organization: string): Promise<void> {
    this.#drop(organization);
    await this.#options.store?.invalidate(organization);
  }

  #drop(organization: string | undefined): void {
    if (organization === undefined) {
      this.#memory.clear();
      this.#readings.clear();
    } else {
      this.#memory.delete(organization);
      this.#readings.delete(organization);
    }
  }

  async #readUsable(organization: string): Promise<MappingLookup> {
    const lookup = await this.#read(organization, true);
    if (lookup.source === "stale") {
      const kept = this.#memory.get(organization);
      if (kept) this.#refresh(organization, kept);
    }
    return lookup;
  }

  /** Reads in the background; whoever asks meanwhile is served the old mapping. */
  #refresh(organization: string, kept: Kept): void {
    if (this.#options.now() < kept.retryAt) return;
    if (this.#readings.has(organization)) return;
    this.#read(organization, false).catch((error: unknown) => {
      kept.retryAt = this.#options.now() + REFRESH_RETRY_MS;
      const known = error instanceof FunctionError ? error : undefined;
      this.#options.log({
        level: "error",
        message: `${
          known?.message ?? "Cannot refresh a mapping"
        }; the mapping read before serves until it is too old`,
        organization,
        reason: known?.details.reason,
        remedy: known?.details.remedy,
      });
    });
  }

  /** Joins the reading under way, or begins one. */
  #read(organization: string, acceptStale: boolean): Promise<MappingLookup> {
    const current = this.#readings.get(organization);
    if (current) return current;
    const isCurrent = () => this.#readings.get(organization) === reading;
    const reading = this.#readOnce(organization, { acceptStale, isCurrent });
    this.#readings.set(organization, reading);
    const end = () => {
      if (isCurrent()) this.#readings.delete(organization);
    };
    reading.then(end, end);
    return reading;
  }

  async #readOnce(
    organization: string,
    { acceptStale, isCurrent }: {
      readonly acceptStale: boolean;
      readonly isCurrent: () => boolean;
    },
  ): Promise<MappingLookup> {
    const { store, now, readMetadata } = this.#options;
    await this.#watching;
    const stored = await store?.read(organization);
    const found = stored?.found;
    if (found) {
      const isFresh = this.#isFresh(found.readAt);
      if (isFresh || (acceptStale && this.#isUsable(found.readAt))) {
        if (isCurrent()) this.#keep(organization, found);
        return { mapping: found.mapping, source: isFresh ? "kv" : "stale" };
      }
    }

    const readAt = now();
    const mapping = parseRoleMapping(await readMetadata(organization));
    if (isCurrent()) {
      const kept = this.#keep(organization, { mapping, readAt });
      this.#report(organization, mapping);
      if (store && stored?.version !== undefined) {
        store.write(organization, kept, stored.version).then((isWritten) => {
          // Another isolate knows something newer; the next call asks KV.
          if (!isWritten) this.#forget(organization, kept);
        });
      }
    }
    return { mapping, source: "zitadel" };
  }

  #keep(
    organization: string,
    { mapping, readAt }: Pick<Kept, "mapping" | "readAt">,
  ): Kept {
    const kept: Kept = { mapping, readAt, retryAt: 0 };
    this.#memory.set(organization, kept, sizeOf(mapping));
    return kept;
  }

  #forget(organization: string, kept: Kept): void {
    if (this.#memory.get(organization) === kept) {
      this.#memory.delete(organization);
    }
  }

  /** Says which entries cannot be read, once until that changes. */
  #report(organization: string, { problems }: RoleMapping): void {
    const text = problems.slice(0, MAX_REPORTED)
      .map(({ key, problem }) => `${key}: ${problem}`).join("; ");
    if ((this.#reported.get(organization) ?? "") === text) return;
    this.#reported.set(organization, text, 2 * text.length);
    if (!text) return;
    this.#options.log({
      level: "warn",
      message:
        `${problems.length} metadata entries of organization ${organization} grant nothing: they cannot be read as permissions`,
      reason: "unreadable_entries",
      organization,
      entries: text,
      remedy:
        'Write each as a JSON array of strings, such as ["posts:read"]; entries that are no roles can stay',
    });
  }

  #isFresh(readAt: number): boolean {
    return this.#isWithin(this.#options.freshMs, readAt);
  }

  #isUsable(readAt: number): boolean {
    const { freshMs, staleMs } = this.#options;
    return this.#isWithin(freshMs + staleMs, readAt);
  }

  /** What was read in the future is of a clock that was wrong, here or elsewhere. */
  #isWithin(ms: number, readAt: number): boolean {
    const age = this.#options.now() - readAt;
    return age >= 0 && age < ms;
  }
}

/** Estimates what a mapping takes in memory: two bytes a character at most. */
function sizeOf({ plain: permissions }: RoleMapping): number {
  let bytes = ENTRY_OVERHEAD_BYTES;
  for (const [key, names] of permissions) {
    bytes += ENTRY_OVERHEAD_BYTES / 4 + 2 * key.length;
    for (const name of names) bytes += 16 + 2 * name.length;
  }
  return bytes;
}
