/**
 * What the function stores in Deno KV, beside the list of invalidations: role
 * names, permissions and event numbers, by organization. Values of any other
 * shape count as absent, since other programs and versions may share the
 * database.
 *
 * @module
 */
import * as z from "zod/mini";

/** Part of every key. A change in how entries are parsed or stored raises it. */
const FORMAT = 3;

/** Deno KV takes values of 65,536 bytes; the rest is for the value's own frame. */
export const CHUNK_BYTES = 60_000;

/**
 * Deno KV commits at most 800 kB at once, and reads at most ten keys; what does
 * not fit into the head and ten more stays in memory only.
 */
export const MAX_CHUNKS = 11;

/** The version of an organization's mapping, or of its tombstone, as KV reports it; `null` if KV holds neither. */
export type StoredVersion = string | null;

/** The keys of one instance's values. */
export interface KvKeys {
  /** The first part of an organization's mapping, or a tombstone. */
  mapping(organization: string): Deno.KvKey;
  /** A further part, from 1. */
  chunk(organization: string, index: number): Deno.KvKey;
  /** The highest sequence of an organization's events. */
  sequence(organization: string): Deno.KvKey;
  /** The list of invalidations. */
  readonly invalidations: Deno.KvKey;
}

/**
 * Creates the keys of one instance's values.
 *
 * @param origin The instance's origin.
 * @returns The keys.
 */
export function kvKeys(origin: string): KvKeys {
  const mappings = ["role_permissions", FORMAT, origin];
  const sequences = ["role_permissions_sequence", FORMAT, origin];
  return {
    mapping: (organization) => [...mappings, organization],
    chunk: (organization, index) => [...mappings, organization, index],
    sequence: (organization) => [...sequences, organization],
    invalidations: ["role_permissions_invalidations", FORMAT, origin],
  };
}

const chunkFields = { id: z.string(), bytes: z.instanceof(Uint8Array) };
const chunkSchema = z.object(chunkFields);
const headSchema = z.object({
  ...chunkFields,
  readAt: z.number(),
  chunks: z.int().check(z.minimum(1), z.maximum(MAX_CHUNKS)),
});
const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string())]));
const sequenceSchema = z.object({ sequence: z.number() });

/** A part of a mapping. */
export interface Chunk {
  /** Distinguishes the chunks of one write from those of another. */
  readonly id: string;
  /** The part, in UTF-8. */
  readonly bytes: Uint8Array;
}

/** The first part of a mapping. Most mappings have no other. */
export interface Head extends Chunk {
  /** When the reading of the metadata began, in milliseconds since 1970. */
  readonly readAt: number;
  /** How many parts there are. */
  readonly chunks: number;
}

/**
 * Checks the first part of a mapping.
 *
 * @param value What KV holds.
 * @returns The part, or `undefined` for a tombstone or anything else.
 */
export function parseHead(value: unknown): Head | undefined {
  return headSchema.safeParse(value).data;
}

/**
 * Checks a further part of a mapping.
 *
 * @param value What KV holds.
 * @returns The part, or `undefined` for anything else.
 */
export function parseChunk(value: unknown): Chunk | undefined {
  return chunkSchema.safeParse(value).data;
}

/**
 * Checks the content of all parts.
 *
 * @param value The content, as parsed from JSON.
 * @returns The metadata keys and their permissions, or `undefined` for anything else.
 */
export function parseEntries(
  value: unknown,
): readonly [string, readonly string[]][] | undefined {
  return entriesSchema.safeParse(value).data;
}

/**
 * Checks the highest sequence of an organization's events.
 *
 * @param value What KV holds.
 * @returns The sequence, or `undefined` for anything else.
 */
export function parseSequence(value: unknown): number | undefined {
  return sequenceSchema.safeParse(value).data?.sequence;
}
