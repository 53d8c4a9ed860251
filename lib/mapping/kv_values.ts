/**
 * What Deno KV holds for an organization: one value, a mapping or the tombstone
 * of one. Values of any other shape count as absent, since other programs and
 * versions may share the database.
 *
 * @module
 */
import * as z from "zod/mini";
import { createRoleMapping, type RoleMapping } from "./role_mapping.ts";

/** Deno KV takes values of 65,536 bytes; the rest is for the value's own frame. */
const MAX_BYTES = 60_000;

/** The largest mapping that is packed, as {@linkcode RoleMapping} estimates its size in memory. */
const MAX_PACKED_SIZE = 1024 * 1024;

/** How long an event is remembered after its arrival: longer than any replay of it is accepted. */
export const EVENT_MEMORY_MS = 600_000;

const knownEvent = z.object({
  /** It grows per organization. */
  sequence: z.number(),
  /** In milliseconds since 1970. */
  arrivedAt: z.number(),
});
const storedSchema = z.union([
  z.object({
    mapping: z.instanceof(Uint8Array),
    readAt: z.number(),
    event: z.optional(knownEvent),
  }),
  z.object({ invalidatedAt: z.number(), event: z.optional(knownEvent) }),
]);
const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string())]));

/** An event of an organization. */
export type KnownEvent = z.infer<typeof knownEvent>;

/** A mapping, and when its reading from ZITADEL began, in milliseconds since 1970. */
export interface DatedMapping {
  readonly mapping: RoleMapping;
  /** What changed later is not in the mapping. */
  readonly readAt: number;
}

/**
 * Returns the event with the highest sequence of those that are not forgotten: a
 * restored ZITADEL may count from less. One from the future counts as
 * forgotten, since a clock was wrong.
 */
export function latestEvent(
  now: number,
  ...events: (KnownEvent | undefined)[]
): KnownEvent | undefined {
  let latest: KnownEvent | undefined;
  for (const event of events) {
    if (!event || event.arrivedAt > now) continue;
    if (event.arrivedAt + EVENT_MEMORY_MS <= now) continue;
    if (!latest || event.sequence > latest.sequence) latest = event;
  }
  return latest;
}

/** Reads an organization's value, a mapping or a tombstone; `undefined` if it is neither. */
export function readStored(value: unknown) {
  return storedSchema.safeParse(value).data;
}

/** Decodes the mapping in an organization's value; `undefined` if it holds none. */
export async function decodeMapping(
  stored: ReturnType<typeof readStored>,
): Promise<DatedMapping | undefined> {
  if (!stored || !("mapping" in stored)) return undefined;
  try {
    const stream = new DecompressionStream("gzip");
    const json = await through(stored.mapping, stream).json();
    const mapping = createRoleMapping(entriesSchema.parse(json));
    return { mapping, readAt: stored.readAt };
  } catch {
    return undefined;
  }
}

/**
 * Encodes a mapping; `undefined` if it is too large for KV. What cannot be read
 * in it is left out: it was logged when the mapping was read.
 */
export async function encodeMapping(
  { plain, bytes: size }: RoleMapping,
): Promise<Uint8Array | undefined> {
  // It would not fit, and to find that out takes longer than to parse it.
  if (size > MAX_PACKED_SIZE) return undefined;
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
