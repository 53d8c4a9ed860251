/**
 * What the function stores in Deno KV, beside the list of invalidations: role
 * names, permissions and event numbers, by organization. Values of any other
 * shape count as absent, since other programs and versions may share the
 * database.
 *
 * @module
 */
import { z } from "zod/mini";

/** Part of every key. A change in how entries are parsed or stored raises it. */
const FORMAT = 2;

/** Deno KV takes values of 65,536 bytes; the rest is for the value's own frame. */
export const CHUNK_BYTES = 60_000;

/**
 * Deno KV commits at most 800 kB at once, and reads at most ten keys; what does
 * not fit into the head and ten more stays in memory only.
 */
export const MAX_CHUNKS = 11;

/**
 * The keys of one instance's values.
 *
 * @param origin The instance's origin.
 * @returns The keys, by what is stored there.
 */
export function kvKeys(origin: string): {
  /** The first chunk of an organization's mapping, or a tombstone. */
  mapping(organization: string): Deno.KvKey;
  /** A further chunk, from 1. */
  chunk(organization: string, index: number): Deno.KvKey;
  /** The highest sequence of an organization's events. */
  sequence(organization: string): Deno.KvKey;
  /** The latest invalidation of each organization. */
  readonly invalidations: Deno.KvKey;
} {
  return {
    mapping: (organization) => [
      "role_permissions",
      FORMAT,
      origin,
      organization,
    ],
    chunk: (organization, index) => [
      "role_permissions",
      FORMAT,
      origin,
      organization,
      index,
    ],
    sequence: (organization) => [
      "role_permissions_sequence",
      FORMAT,
      origin,
      organization,
    ],
    invalidations: ["role_permissions_invalidations", FORMAT, origin],
  };
}

/** A part of a mapping. The id tells the chunks of one write from those of another. */
export const chunkSchema = z.object({
  id: z.string(),
  bytes: z.instanceof(Uint8Array),
});

/** The first chunk. Most mappings have no other. */
export const headSchema = z.extend(chunkSchema, {
  /** When the reading of the metadata began, in milliseconds since 1970. */
  readAt: z.number(),
  chunks: z.int().check(z.minimum(1), z.maximum(MAX_CHUNKS)),
});

/** The chunks' content: metadata keys and their permissions. */
export const entriesSchema = z.array(
  z.tuple([z.string(), z.array(z.string())]),
);

/** The highest sequence of an organization's events that was acted on. */
export const sequenceSchema = z.object({ sequence: z.number() });
