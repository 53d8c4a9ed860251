/**
 * Mappings in Deno KV, shared by the isolates of a function. Nothing here
 * throws: without KV, or with a bad one, the function works from memory.
 *
 * @module
 */
import { Invalidations } from "./invalidations.ts";
import { KV_TIMEOUT_MS, kvTrouble } from "./kv_trouble.ts";
import type { Log } from "../observability/log.ts";
import { createRoleMapping, type RoleMapping } from "./role_mapping.ts";
import { accepted, fields, fitting, list, number, text } from "../shape.ts";
import { abortable } from "../util/abortable.ts";

/** How long KV is left alone after it failed, in milliseconds: what it does not answer piles up. */
export const KV_PAUSE_MS = 1_000;

/** Deno KV takes values of 65,536 bytes; the rest is for the value's own frame. */
const CHUNK_BYTES = 60_000;

/**
 * Deno KV commits at most 800 kB at once, and reads at most ten keys; what does
 * not fit into the head and ten more stays in memory only.
 */
const MAX_CHUNKS = 11;

/** Changes with the shape of what is stored: values of another format are as if absent. */
const FORMAT = 2;

interface Chunk {
  /** Tells the chunks of this writing from those of another. */
  id: string;
  bytes: Uint8Array;
}

const chunkFields = {
  id: text,
  bytes: accepted((value) => value instanceof Uint8Array),
};
const chunkShape = fields<Chunk>(chunkFields);

/** The first chunk. Most mappings have no other. */
interface Head extends Chunk {
  /** When the metadata was read, in milliseconds since 1970. */
  readAt: number;
  chunks: number;
}

const headShape = fields<Head>({
  ...chunkFields,
  readAt: number,
  chunks: accepted((value): value is number =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_CHUNKS
  ),
});

const namesShape = list(text);
const entriesShape = list<[string, string[]]>(
  (value, wrong): value is [string, string[]] =>
    Array.isArray(value) && value.length === 2 && text(value[0], wrong) &&
    namesShape(value[1], wrong),
);

/** What KV holds for an organization. */
export interface StoredMapping {
  /** What a later writing must find unchanged; `undefined` where KV did not answer. */
  readonly version: string | null | undefined;
  /** The mapping, where there is one. */
  readonly found?: {
    readonly mapping: RoleMapping;
    readonly readAt: number;
  };
}

/** What the store needs. */
export interface KvStoreOptions {
  /** The database. */
  readonly kv: Deno.Kv;
  /** The instance's origin: part of every key. */
  readonly origin: string;
  /** How long a mapping may be used after it was read, in milliseconds. */
  readonly lifetimeMs: number;
  /** Tells the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Takes KV's troubles. */
  readonly log: Log;
}

/** Mappings in Deno KV. */
export class KvStore {
  readonly #options: KvStoreOptions;
  readonly #invalidations: Invalidations;
  /** Invalidations that KV has not confirmed: until then it may hold an old mapping. */
  readonly #owed = new Map<string, Promise<boolean>>();
  #failedAt = -Infinity;

  /**
   * Makes a store over a database.
   *
   * @param options What the store needs.
   */
  constructor(options: KvStoreOptions) {
    this.#options = options;
    this.#invalidations = new Invalidations(options);
  }

  /**
   * Reads an organization's mapping.
   *
   * @param organization The organization's id.
   * @returns What KV holds, as far as it answers in time.
   */
  async read(organization: string): Promise<StoredMapping> {
    const absent: StoredMapping = { version: undefined };
    if (this.#isPaused()) return absent;
    const owed = this.#owed.get(organization);
    if (owed && !await owed && !await this.invalidate(organization)) {
      return absent;
    }
    return await this.#try("read from", () => this.#read(organization)) ??
      absent;
  }

  async #read(organization: string): Promise<StoredMapping> {
    const { kv } = this.#options;
    const key = this.#key(organization);
    const { value, versionstamp: version } = await kv.get(key);
    const head = fitting(headShape, value);
    if (!head) return { version };
    const parts = [head.bytes];
    if (head.chunks > 1) {
      const keys = Array.from(
        { length: head.chunks - 1 },
        (_, index) => [...key, index + 1],
      );
      for (const { value } of await kv.getMany(keys)) {
        const chunk = fitting(chunkShape, value);
        if (chunk?.id !== head.id) return { version };
        parts.push(chunk.bytes);
      }
    }
    const mapping = decodeMapping(parts);
    if (!mapping) return { version };
    return { version, found: { mapping, readAt: head.readAt } };
  }

  /**
   * Keeps an organization's mapping, unless something was written since.
   *
   * @param organization The organization's id.
   * @param found The mapping, and when it was read.
   * @param version What {@linkcode KvStore.read} gave before the mapping was read.
   * @returns `false` where another isolate wrote or voided the mapping since.
   */
  async write(
    organization: string,
    { mapping, readAt }: { mapping: RoleMapping; readAt: number },
    version: string | null,
  ): Promise<boolean> {
    const { kv, lifetimeMs, now } = this.#options;
    const expireIn = readAt + lifetimeMs - now();
    if (expireIn <= 0 || this.#isPaused()) return true;
    const bytes = encodeMapping(mapping);
    const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
    if (chunks > MAX_CHUNKS) return true;
    const key = this.#key(organization);
    const id = crypto.randomUUID();
    const chunk = (index: number) => ({
      id,
      bytes: bytes.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
    });
    const result = await this.#try("write to", () => {
      const operation = kv.atomic()
        .check({ key, versionstamp: version })
        .set(key, { ...chunk(0), readAt, chunks }, { expireIn });
      for (let index = 1; index < chunks; index++) {
        operation.set([...key, index], chunk(index), { expireIn });
      }
      return operation.commit();
    });
    return result?.ok ?? true;
  }

  /**
   * Makes an organization's mapping void for every isolate. Until KV confirms
   * it, nothing of this organization is read from KV.
   *
   * @param organization The organization's id.
   * @returns Whether KV confirmed it in time; where it did not, the next reading tries it again.
   */
  async invalidate(organization: string): Promise<boolean> {
    const { lifetimeMs, now } = this.#options;
    const expireIn = Math.max(lifetimeMs, 1_000);
    // A tombstone rather than a deletion: it changes the version that a reading
    // begun earlier will check.
    const bury = (operation: Deno.AtomicOperation) =>
      operation.set(this.#key(organization), { voidSince: now() }, {
        expireIn,
      });
    const attempt = this.#try(
      "invalidate in",
      () => this.#invalidations.announce(organization, bury),
    ).then((announced) => announced !== undefined);
    this.#owed.set(organization, attempt);
    const isDone = await attempt;
    if (isDone && this.#owed.get(organization) === attempt) {
      this.#owed.delete(organization);
    }
    return isDone;
  }

  /**
   * Watches for mappings that other isolates made void, until the signal ends it.
   *
   * @param onVoid Told the organization, or `undefined` where some may have been missed.
   * @param signal Ends the watch.
   * @returns Once the watch has begun, or KV is too slow to wait for it. What is read later cannot miss an invalidation.
   */
  watch(
    onVoid: (organization: string | undefined) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#invalidations.watch(onVoid, signal);
  }

  #key(organization: string): Deno.KvKey {
    return ["role_permissions", FORMAT, this.#options.origin, organization];
  }

  #isPaused(): boolean {
    const since = this.#options.now() - this.#failedAt;
    return since >= 0 && since < KV_PAUSE_MS;
  }

  async #try<T>(
    action: string,
    operation: () => Promise<T>,
  ): Promise<T | undefined> {
    // Not setTimeout(): the first one in a process loads Node's timers, which
    // takes a sixth of a bare server's start.
    const timeout = AbortSignal.timeout(KV_TIMEOUT_MS);
    try {
      return await abortable(Promise.try(operation), timeout);
    } catch (error) {
      this.#failedAt = this.#options.now();
      this.#options.log(kvTrouble(action, error));
      return undefined;
    }
  }
}

/** What is wrong in the mapping is not kept: it was logged when it was read. */
function encodeMapping(mapping: RoleMapping): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([...mapping.plain]));
}

function decodeMapping(
  parts: readonly Uint8Array[],
): RoleMapping | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    let json = "";
    for (const part of parts) json += decoder.decode(part, { stream: true });
    const entries = fitting(entriesShape, JSON.parse(json + decoder.decode()));
    return entries && createRoleMapping(new Map(entries));
  } catch {
    return undefined;
  }
}
