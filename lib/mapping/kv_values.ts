/**
 * What Deno KV holds for an organization: one value, a mapping or the tombstone
 * of one. Values of any other shape count as absent, since other programs and
 * versions may share the database.
 *
 * @module
 */
import * as z from "zod/mini";
import type { KnownEvent } from "./known_event.ts";
import { createRoleMapping, type RoleMapping } from "./role_mapping.ts";

/** Deno KV takes values of 65,536 bytes; the rest is for the value's own frame. */
const MAX_BYTES = 60_000;

const event = z.optional(
  z.object({ sequence: z.number(), arrivedAt: z.number() }),
);
const storedSchema = z.union([
  z.object({
    mapping: z.instanceof(Uint8Array),
    readAt: z.number(),
    event,
  }),
  z.object({ invalidatedAt: z.number(), event }),
]);
const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string())]));

/** A mapping, and when its reading from ZITADEL began, in milliseconds since 1970. */
export interface DatedMapping {
  readonly mapping: RoleMapping;
  /** What changed later is not in the mapping. */
  readonly readAt: number;
}

/** An organization's value. */
export interface StoredValue {
  readonly event: KnownEvent | undefined;
  /** Decodes the mapping; `undefined` for a tombstone, or bytes that are no mapping. */
  readonly decode: () => Promise<DatedMapping | undefined>;
}

/** Checks an organization's value. */
export function parseStored(value: unknown): StoredValue {
  const stored = storedSchema.safeParse(value).data;
  const decode = async () => {
    if (!stored || !("mapping" in stored)) return undefined;
    try {
      const stream = new DecompressionStream("gzip");
      const json = await through(stored.mapping, stream).json();
      const mapping = createRoleMapping(entriesSchema.parse(json));
      return { mapping, readAt: stored.readAt };
    } catch {
      return undefined;
    }
  };
  return { event: stored?.event, decode };
}

/**
 * Encodes a mapping; `undefined` if it is too large for KV. What cannot be read
 * in it is left out: it was logged when the mapping was read.
 */
export async function encodeMapping(
  { plain }: RoleMapping,
): Promise<Uint8Array | undefined> {
  const json = new TextEncoder().encode(JSON.stringify([...plain]));
  const bytes = await through(json, new CompressionStream("gzip")).bytes();
  return bytes.length <= MAX_BYTES ? bytes : undefined;
}

function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
): Response {
  const source = ReadableStream.from([bytes as BufferSource]);
  return new Response(source.pipeThrough(stream));
}
