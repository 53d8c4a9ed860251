/**
 * Mappings in Deno KV, shared by the isolates of a function. Nothing here
 * throws: without KV, or with a bad one, the function works from memory.
 *
 * @module
 */
import { Invalidations } from "./invalidations.ts";
import { KvAccess, type KvOptions } from "./kv_access.ts";
import {
  CHUNK_BYTES,
  type KvKeys,
  kvKeys,
  MAX_CHUNKS,
  parseChunk,
  parseEntries,
  parseHead,
  type StoredVersion,
} from "./kv_schema.ts";
import { createRoleMapping, type RoleMapping } from "./role_mapping.ts";

/** A mapping, and when its reading from ZITADEL began, in milliseconds since 1970. */
export interface DatedMapping {
  /** The mapping. */
  readonly mapping: RoleMapping;
  /** When its reading began: what changed later is not in it. */
  readonly readAt: number;
}

/** The version of a mapping that KV was not asked about, or did not answer for. */
export const UNKNOWN_VERSION = Symbol("unknown version");

/** A version that is compared with KV. */
export type KvVersion = StoredVersion | typeof UNKNOWN_VERSION;

/** What KV holds for an organization. */
export interface StoredMapping {
  /** What a later write must find unchanged. */
  readonly version: KvVersion;
  /** The mapping, if there is one other than the known one. */
  readonly found?: DatedMapping;
}

/** The outcome of writing a mapping. */
export type WriteOutcome =
  /** KV holds it under this version. */
  | { readonly kind: "written"; readonly version: string }
  /** Another isolate wrote or invalidated the mapping since it was read. */
  | { readonly kind: "outdated" }
  /** KV did not take it: it failed, or the mapping is too large or has expired. */
  | { readonly kind: "skipped" };

const SKIPPED: WriteOutcome = { kind: "skipped" };

/** Mappings in Deno KV. */
export class KvStore {
  readonly #options: KvOptions;
  readonly #access: KvAccess;
  readonly #keys: KvKeys;
  /** What the isolates tell each other. */
  readonly invalidations: Invalidations;

  /**
   * Creates a store over a database.
   *
   * @param options The database and what else it takes.
   */
  constructor(options: KvOptions) {
    this.#options = options;
    this.#access = new KvAccess(options);
    this.#keys = kvKeys(options.origin);
    this.invalidations = new Invalidations(this.#access, options);
  }

  /**
   * Reads an organization's mapping.
   *
   * @param organization The organization's id.
   * @param knownVersion A version whose mapping need not be read again.
   * @returns What KV holds, if it answers in time and has confirmed this isolate's invalidations.
   */
  async read(
    organization: string,
    knownVersion?: KvVersion,
  ): Promise<StoredMapping> {
    const unknown: StoredMapping = { version: UNKNOWN_VERSION };
    if (this.#access.isPaused) return unknown;
    if (!await this.invalidations.confirm(organization)) return unknown;
    const read = (kv: Deno.Kv) => this.#read(kv, organization, knownVersion);
    return await this.#access.attempt("read from", read) ?? unknown;
  }

  async #read(
    kv: Deno.Kv,
    organization: string,
    knownVersion: KvVersion | undefined,
  ): Promise<StoredMapping> {
    const { value, versionstamp: version } = await kv.get(
      this.#keys.mapping(organization),
    );
    if (version === knownVersion) return { version };
    const head = parseHead(value);
    if (!head) return { version };
    const { id, readAt, chunks } = head;
    const parts = [head.bytes];
    if (chunks > 1) {
      const indexes = Array.from({ length: chunks - 1 }, (_, at) => at + 1);
      const entries = await kv.getMany<unknown[]>(
        indexes.map((index) => this.#keys.chunk(organization, index)),
      );
      for (const { value } of entries) {
        const chunk = parseChunk(value);
        // Another isolate may have written between the two reads.
        if (chunk?.id !== id) return { version };
        parts.push(chunk.bytes);
      }
    }
    const mapping = decodeMapping(parts);
    return mapping ? { version, found: { mapping, readAt } } : { version };
  }

  /**
   * Writes an organization's mapping, unless something was written since.
   *
   * @param organization The organization's id.
   * @param dated The mapping, and when its reading began.
   * @param version What {@linkcode KvStore.read} returned before the mapping was read.
   * @returns The outcome.
   */
  async write(
    organization: string,
    { mapping, readAt }: DatedMapping,
    version: StoredVersion,
  ): Promise<WriteOutcome> {
    const { lifetimeMs, now } = this.#options;
    const expireIn = readAt + lifetimeMs - now();
    if (expireIn <= 0 || this.#access.isPaused) return SKIPPED;
    const bytes = encodeMapping(mapping);
    const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
    if (chunks > MAX_CHUNKS) return SKIPPED;
    const key = this.#keys.mapping(organization);
    const id = crypto.randomUUID();
    const chunk = (index: number) => ({
      id,
      bytes: bytes.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
    });
    const result = await this.#access.attempt("write to", (kv) => {
      const operation = kv.atomic()
        .check({ key, versionstamp: version })
        .set(key, { ...chunk(0), readAt, chunks }, { expireIn });
      for (let index = 1; index < chunks; index++) {
        const chunkKey = this.#keys.chunk(organization, index);
        operation.set(chunkKey, chunk(index), { expireIn });
      }
      return operation.commit();
    });
    if (!result) return SKIPPED;
    return result.ok
      ? { kind: "written", version: result.versionstamp }
      : { kind: "outdated" };
  }
}

/** Problems are not stored: they were logged when the mapping was read. */
function encodeMapping({ plain }: RoleMapping): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([...plain]));
}

function decodeMapping(parts: readonly Uint8Array[]): RoleMapping | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    let json = "";
    for (const part of parts) json += decoder.decode(part, { stream: true });
    const entries = parseEntries(JSON.parse(json + decoder.decode()));
    return entries && createRoleMapping(new Map(entries));
  } catch {
    return undefined;
  }
}
