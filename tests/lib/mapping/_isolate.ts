import {
  type CacheOptions,
  MappingCache,
  type MappingLookup,
} from "../../../lib/mapping/cache.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";
import type { KvOptions } from "../../../lib/mapping/kv_access.ts";
import { KvStore } from "../../../lib/mapping/kv_store.ts";
import { Clock } from "../_clock.ts";
import { Connection, MemoryKv } from "../_memory_kv.ts";
import { StandInUpstream } from "../_upstream.ts";

export { Clock };

/** How long a mapping is served as it is, in the tests. */
export const FRESH_MS = 60_000;

/** How long after that it is served while it is revalidated, in the tests. */
export const STALE_MS = 600_000;

/** How long KV may take. */
export const KV_TIMEOUT_MS = 300;

/** How long KV is left alone after it failed, and a watch after it broke. */
export const KV_PAUSE_MS = 1_000;

/** How long a failed revalidation is not tried again. */
export const REVALIDATE_RETRY_MS = 1_000;

/** How long an event is remembered. */
export const EVENT_MEMORY_MS = 600_000;

/** The instance that the tests' mappings are of. */
export const ORIGIN = "https://zitadel.example";

/** One isolate's cache, and what it logged. */
export interface Isolate extends Disposable {
  readonly cache: MappingCache;
  readonly log: readonly LogEntry[];
  /** When KV failed. */
  readonly kvFailures: readonly number[];
  /** Gives what the role `viewer` is permitted, and where that came from. */
  view(organization?: string): Promise<string>;
}

/** A store over a KV, and the log that it writes. */
export function storeOver(
  kv: Deno.Kv,
  { now, timeout }: Clock,
  options: Partial<KvOptions> = {},
): { store: KvStore; log: LogEntry[] } {
  const log: LogEntry[] = [];
  const store = new KvStore({
    kv,
    origin: ORIGIN,
    lifetimeMs: FRESH_MS + STALE_MS,
    now,
    timeout,
    log: (entry) => void log.push(entry),
    ...options,
  });
  return { store, log };
}

/** Creates an isolate: a cache of its own over a KV that others may share. */
export function createIsolate(
  { kv, clock, readMetadata, freshMs = FRESH_MS, staleMs = STALE_MS }: {
    readonly kv?: Deno.Kv | undefined;
    readonly clock: Clock;
    readonly readMetadata: CacheOptions["readMetadata"];
    readonly freshMs?: number;
    readonly staleMs?: number;
  },
): Isolate {
  const entries: LogEntry[] = [];
  const background = new AbortController();
  const kvFailures: number[] = [];
  const log = (entry: LogEntry) => {
    entries.push(entry);
    if (entry.reason === "kv_failed") kvFailures.push(clock.now());
  };
  const lifetimeMs = freshMs + staleMs;
  const cache = new MappingCache({
    now: clock.now,
    log,
    readMetadata,
    startReadingDeadline: () => new AbortController().signal,
    store: kv && storeOver(kv, clock, { lifetimeMs, log }).store,
    freshMs,
    staleMs,
    shutdown: background.signal,
  });
  return {
    cache,
    log: entries,
    kvFailures,
    view: async (organization = "1") => describe(await cache.get(organization)),
    [Symbol.dispose]: () => background.abort(),
  };
}

/** Tells in a word what the role `viewer` is permitted, and where that came from. */
export function describe({ mapping, source }: MappingLookup): string {
  return `${mapping.plain.get("viewer")?.join()} from ${source}`;
}

/** Lets everything run that waits for nothing but its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An isolate of a {@linkcode World}, and its connection to KV. */
export type WorldIsolate = Isolate & { readonly connection: Connection };

/** Isolates by one clock, over one KV and one ZITADEL. */
export class World implements Disposable {
  readonly clock = new Clock();
  readonly kv = new MemoryKv(this.clock.now);
  readonly upstream = new StandInUpstream();
  readonly #isolates: Isolate[] = [];

  isolate(
    { upstream = this.upstream, clock = this.clock } = {},
  ): WorldIsolate {
    const connection = new Connection(this.kv);
    const { kv } = connection;
    const isolate = createIsolate({ clock, readMetadata: upstream.read, kv });
    this.#isolates.push(isolate);
    return { ...isolate, connection };
  }

  /** An isolate that hears of no more announcements. */
  async deaf(options?: Parameters<World["isolate"]>[0]): Promise<WorldIsolate> {
    const isolate = this.isolate(options);
    await turn();
    isolate.connection.hold("watch >");
    return isolate;
  }

  [Symbol.dispose](): void {
    for (const isolate of this.#isolates) isolate[Symbol.dispose]();
  }
}
