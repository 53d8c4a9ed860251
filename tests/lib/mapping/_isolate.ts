import {
  MappingCache,
  type MappingLookup,
} from "../../../lib/mapping/cache.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";
import { KvStore } from "../../../lib/mapping/kv_store.ts";
import type { ReadMetadata } from "../../../lib/zitadel/metadata_reader.ts";

/** How long a mapping is served as it is, in the tests. */
export const FRESH_MS = 60_000;

/** How long after that it is served while it is read anew, in the tests. */
export const STALE_MS = 600_000;

/** The instance that the tests' mappings are of. */
export const ORIGIN = "https://zitadel.example";

/** A clock that moves when it is told to. */
export class Clock {
  #now = Date.UTC(2026, 6, 10);

  /** Tells the time. */
  readonly now = (): number => this.#now;

  /** Moves on. */
  advance(ms: number): void {
    this.#now += ms;
  }
}

/** One isolate's cache, and what it logged. */
export interface Isolate extends Disposable {
  readonly cache: MappingCache;
  readonly log: readonly LogEntry[];
  /** Gives what the role `viewer` is permitted, and where that came from. */
  view(organization?: string): Promise<string>;
}

/** Makes an isolate: a cache of its own over a KV that others may share. */
export function createIsolate(
  { kv, clock, readMetadata, freshMs = FRESH_MS, staleMs = STALE_MS }: {
    readonly kv?: Deno.Kv | undefined;
    readonly clock: Clock;
    readonly readMetadata: ReadMetadata;
    readonly freshMs?: number;
    readonly staleMs?: number;
  },
): Isolate {
  const log: LogEntry[] = [];
  const background = new AbortController();
  const { now } = clock;
  const lifetimeMs = freshMs + staleMs;
  const common = { now, log: (entry: LogEntry) => void log.push(entry) };
  const cache = new MappingCache({
    ...common,
    readMetadata,
    store: kv &&
      new KvStore({ kv, origin: ORIGIN, lifetimeMs, ...common }),
    freshMs,
    staleMs,
    signal: background.signal,
  });
  return {
    cache,
    log,
    view: async (organization = "1") => describe(await cache.get(organization)),
    [Symbol.dispose]: () => background.abort(),
  };
}

/** Says in a word what the role `viewer` is permitted, and where that came from. */
export function describe({ mapping, source }: MappingLookup): string {
  return `${mapping.plain.get("viewer")?.join()} from ${source}`;
}

/** Lets everything run that waits for nothing but its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
