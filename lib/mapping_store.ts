/**
 * Mappings in Deno KV, shared by the isolates of a function. Nothing here
 * throws: without KV, or with a bad one, the function works from memory.
 *
 * @module
 */
import { z } from "zod";
import type { Log } from "./log.ts";
import type { RolePermissions } from "./role_permissions.ts";

/** How long KV may take before the function goes on without it, in milliseconds. */
export const KV_TIMEOUT_MS = 300;

/** Deno KV takes values of 65,536 bytes; the rest is for the value's own frame. */
const CHUNK_BYTES = 60_000;

/** Deno KV commits at most 800 kB at once; what is larger stays in memory only. */
const MAX_STORED_BYTES = 12 * CHUNK_BYTES;

/** Deno KV reads at most ten keys at once. */
const KEYS_PER_READ = 10;

/** How often an invalidation is tried before every isolate drops everything. */
const MAX_ANNOUNCEMENTS = 8;

/** How long to wait before a broken watch is begun anew, in milliseconds. */
const WATCH_RETRY_MS = 1_000;

/** Changes with the shape of what is stored: values of another format are as if absent. */
const FORMAT = 1;

const Head = z.object({
  /** When the metadata was read, in milliseconds since 1970. */
  readAt: z.number(),
  /** Tells the chunks of this writing from those of another. */
  id: z.string(),
  chunks: z.number().int().min(1).max(MAX_STORED_BYTES / CHUNK_BYTES),
});

const Chunk = z.object({ id: z.string(), bytes: z.instanceof(Uint8Array) });

const Announcement = z.object({
  sequence: z.number(),
  /** The organization whose mapping is void; `null` for all. */
  organization: z.string().nullable(),
  /** The isolate that announces it. */
  by: z.string(),
});

const Entries = z.array(z.tuple([z.string(), z.array(z.string())]));

/** What KV holds for an organization. */
export interface StoredMapping {
  /** What a later writing must find unchanged; `undefined` where KV did not answer. */
  readonly version: string | null | undefined;
  /** The mapping, where there is one. */
  readonly found?: {
    readonly mapping: RolePermissions;
    readonly readAt: number;
  };
}

/** What the store needs. */
export interface MappingStoreOptions {
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
export class MappingStore {
  readonly #options: MappingStoreOptions;
  readonly #isolate = crypto.randomUUID();
  readonly #announcements: Deno.KvKey;

  /**
   * Makes a store over a database.
   *
   * @param options What the store needs.
   */
  constructor(options: MappingStoreOptions) {
    this.#options = options;
    this.#announcements = ["role_permissions_void", FORMAT, options.origin];
  }

  /**
   * Reads an organization's mapping.
   *
   * @param organization The organization's id.
   * @returns What KV holds, as far as it answers in time.
   */
  async read(organization: string): Promise<StoredMapping> {
    const { kv } = this.#options;
    const read = async (): Promise<StoredMapping> => {
      const { value, versionstamp } = await kv.get(this.#key(organization));
      const head = Head.safeParse(value);
      if (!head.success) return { version: versionstamp };
      const { readAt, id, chunks } = head.data;
      const parts: Uint8Array[] = [];
      for (let first = 0; first < chunks; first += KEYS_PER_READ) {
        const count = Math.min(KEYS_PER_READ, chunks - first);
        const keys = Array.from(
          { length: count },
          (_, i) => [...this.#key(organization), first + i],
        );
        for (const { value } of await kv.getMany(keys)) {
          const chunk = Chunk.safeParse(value);
          if (!chunk.success || chunk.data.id !== id) {
            return { version: versionstamp };
          }
          parts.push(chunk.data.bytes);
        }
      }
      const mapping = decodeMapping(parts);
      return mapping
        ? { version: versionstamp, found: { mapping, readAt } }
        : { version: versionstamp };
    };
    return await this.#try("read", read) ?? { version: undefined };
  }

  /**
   * Keeps an organization's mapping, unless something was written since.
   *
   * @param organization The organization's id.
   * @param found The mapping, and when it was read.
   * @param version What {@linkcode MappingStore.read} gave before the mapping was read.
   * @returns `false` where another isolate wrote or voided the mapping since.
   */
  async write(
    organization: string,
    { mapping, readAt }: { mapping: RolePermissions; readAt: number },
    version: string | null,
  ): Promise<boolean> {
    const { kv, lifetimeMs, now } = this.#options;
    const expireIn = readAt + lifetimeMs - now();
    const bytes = encodeMapping(mapping);
    if (bytes.length > MAX_STORED_BYTES || expireIn <= 0) return true;
    const key = this.#key(organization);
    const id = crypto.randomUUID();
    const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
    const operation = kv.atomic()
      .check({ key, versionstamp: version })
      .set(key, { readAt, id, chunks }, { expireIn });
    for (let index = 0; index < chunks; index++) {
      operation.set([...key, index], {
        id,
        bytes: bytes.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
      }, { expireIn });
    }
    const result = await this.#try("write", () => operation.commit());
    return result?.ok ?? true;
  }

  /**
   * Makes an organization's mapping void for every isolate.
   *
   * @param organization The organization's id.
   */
  async invalidate(organization: string): Promise<void> {
    const { kv, lifetimeMs } = this.#options;
    const expireIn = Math.max(lifetimeMs, 1_000);
    await this.#try("invalidate", async () => {
      for (let attempt = 1;; attempt++) {
        const last = await kv.get(this.#announcements);
        const sequence = Announcement.safeParse(last.value).data?.sequence ?? 0;
        // A tombstone rather than a deletion: it changes the version that a
        // reading begun earlier will check.
        const operation = kv.atomic().set(this.#key(organization), {
          voidSince: this.#options.now(),
        }, { expireIn });
        if (attempt < MAX_ANNOUNCEMENTS) {
          operation.check(last).set(this.#announcements, {
            sequence: sequence + 1,
            organization,
            by: this.#isolate,
          });
          if ((await operation.commit()).ok) return;
        } else {
          operation.set(this.#announcements, {
            sequence: sequence + MAX_ANNOUNCEMENTS,
            organization: null,
            by: this.#isolate,
          });
          await operation.commit();
          return;
        }
      }
    });
  }

  /**
   * Watches for mappings that other isolates made void, until the signal ends it.
   *
   * @param onVoid Told the organization, or `undefined` where some may have been missed.
   * @param signal Ends the watch.
   * @returns Once the watch has begun, or KV is too slow to wait for it. What is read later cannot miss an announcement.
   */
  watch(
    onVoid: (organization: string | undefined) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((begun) => {
      const timer = setTimeout(begun, KV_TIMEOUT_MS);
      let seen: number | undefined;
      this.#announced(signal, (sequence, announcement) => {
        const previous = seen;
        seen = sequence;
        if (previous === undefined) {
          clearTimeout(timer);
          begun();
          // Something may have been read before the watch began.
          return onVoid(undefined);
        }
        if (sequence === previous) return;
        const missed = sequence !== previous + 1;
        if (missed || !announcement?.organization) onVoid(undefined);
        else if (announcement.by !== this.#isolate) {
          onVoid(announcement.organization);
        }
      }).finally(() => {
        clearTimeout(timer);
        begun();
      });
    });
  }

  async #announced(
    signal: AbortSignal,
    on: (sequence: number, announcement?: z.infer<typeof Announcement>) => void,
  ): Promise<void> {
    while (!signal.aborted) {
      const reader = this.#options.kv.watch([this.#announcements]).getReader();
      const cancel = () => void reader.cancel().catch(() => {});
      signal.addEventListener("abort", cancel, { once: true });
      try {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          const announcement = Announcement.safeParse(value[0]?.value).data;
          on(announcement?.sequence ?? 0, announcement);
        }
      } catch (error) {
        if (!signal.aborted) this.#options.log(trouble("watch", error));
      }
      signal.removeEventListener("abort", cancel);
      await pause(WATCH_RETRY_MS, signal);
    }
  }

  #key(organization: string): Deno.KvKey {
    return ["role_permissions", FORMAT, this.#options.origin, organization];
  }

  async #try<T>(
    action: string,
    operation: () => Promise<T>,
  ): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new DOMException("KV took too long", "TimeoutError")),
        KV_TIMEOUT_MS,
      );
    });
    try {
      return await Promise.race([operation(), late]);
    } catch (error) {
      this.#options.log(trouble(action, error));
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

function trouble(action: string, error: unknown) {
  return {
    level: "warn",
    message: `Cannot ${action} in Deno KV; working from memory`,
    reason: "kv_failed",
    error: error instanceof Error ? error.name : typeof error,
  } as const;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}

/** What is wrong in the mapping is not kept: it was logged when it was read. */
function encodeMapping(mapping: RolePermissions): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([...mapping.permissions]));
}

function decodeMapping(
  parts: readonly Uint8Array[],
): RolePermissions | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    let text = "";
    for (const part of parts) text += decoder.decode(part, { stream: true });
    const entries = Entries.safeParse(JSON.parse(text + decoder.decode()));
    return entries.success
      ? { permissions: new Map(entries.data), problems: [] }
      : undefined;
  } catch {
    return undefined;
  }
}
