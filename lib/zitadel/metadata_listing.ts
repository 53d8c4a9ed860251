import { tooMuchMetadata, UpstreamFault } from "./upstream_error.ts";

/**
 * The APIs that list metadata, best first: v2 since v4.7, v2beta since v4.0,
 * management v1 in every release.
 */
export const METADATA_APIS = ["v2", "v2beta", "management_v1"] as const;

/** One of {@linkcode METADATA_APIS}. */
export type MetadataApi = typeof METADATA_APIS[number];

/** The most entries that ZITADEL returns at a time; 1,001 is refused. */
export const PAGE_SIZE = 1_000;

/** How often a list is read before it counts as one that keeps changing. */
const MAX_LISTINGS = 5;

/** By how much a limit shrinks at least if a page is too long: entries differ in length. */
const MIN_SHRINKAGE = 4;

/** Leaves room for entries longer than the average. */
const MARGIN = 1.25;

/** An entry of an organization's metadata. */
export interface MetadataEntry {
  /** The key. */
  readonly key: string;
  /** The value; `undefined` if it was longer than the reader keeps. */
  readonly value: Uint8Array | undefined;
}

/** A part of an organization's metadata. */
export interface MetadataPage {
  /** The entries from the offset on. */
  readonly entries: readonly MetadataEntry[];
  /** How many entries there are in all, as ZITADEL reports it. */
  readonly total: number;
}

/** How much may be read of a list. */
export interface ListingLimits {
  /** The longest answer, in bytes. */
  readonly maxAnswerBytes: number;
  /** The most bytes of keys and values that are kept. */
  readonly maxKeptBytes: number;
  /** The most bytes of all answers together. */
  readonly maxReceivedBytes: number;
  /** The fewest entries to ask for at a time if an answer is too long. */
  readonly minLimit: number;
}

/** Where a list comes from, and how much of it may be read. */
export interface ListingSource {
  /** Returns the entries from an offset on; throws an oversized fault if they are too long. */
  readonly page: (
    range: { readonly offset: number; readonly limit: number },
  ) => Promise<MetadataPage>;
  /** Reports whether the caller may read the organization. */
  readonly isReadable: () => Promise<boolean>;
  /** How much may be read. */
  readonly limits: ListingLimits;
  /** How many entries to ask for at a time; shrinks if an answer is too long. */
  readonly pageLimit: { value: number };
}

/** A list as one pass over its pages returned it. */
interface Listing {
  readonly entries: readonly MetadataEntry[];
  readonly pages: number;
}

/**
 * Reads a list until it can be trusted. An empty one counts only if the
 * organization is readable and the list is still empty afterwards, since
 * ZITADEL answers callers without permission with an empty list too. One of
 * several pages counts only if two complete listings in a row are equal, since
 * an entry that is removed between two pages moves the others.
 *
 * @param source Where the list comes from.
 * @returns The entries.
 * @throws {UpstreamFault} If the list cannot be read, is too long or keeps changing.
 */
export async function readListing(
  source: ListingSource,
): Promise<readonly MetadataEntry[]> {
  let isEmptyExpected = false;
  let previous: string | undefined;
  for (let listing = 0; listing < MAX_LISTINGS; listing++) {
    const found = await listOnce(source);
    if (found?.entries.length === 0) {
      if (isEmptyExpected) return [];
      if (!await source.isReadable()) {
        throw new UpstreamFault("missing_permission", "answered an empty list");
      }
      isEmptyExpected = true;
      previous = undefined;
      continue;
    }
    isEmptyExpected = false;
    if (found?.pages === 1) return found.entries;
    const current = found && await fingerprint(found.entries);
    if (found && current === previous) return found.entries;
    previous = current;
  }
  throw new UpstreamFault(
    "unstable_listing",
    `returned another list each of ${MAX_LISTINGS} times`,
    { liesInContent: true },
  );
}

/** Reads each page once; returns `undefined` if the list changes on the way. */
async function listOnce(
  source: ListingSource,
): Promise<Listing | undefined> {
  const entries = new Map<string, MetadataEntry>();
  let total: number | undefined;
  let offset = 0;
  let pages = 0;
  let keptBytes = 0;
  do {
    const page = await fittingPage(source, offset);
    total ??= page.total;
    if (page.total !== total) return undefined;
    if (page.entries.length === 0) break;
    for (const entry of page.entries) {
      entries.set(entry.key, entry);
      keptBytes += entry.key.length + (entry.value?.length ?? 0);
    }
    if (keptBytes > source.limits.maxKeptBytes) {
      throw tooMuchMetadata(source.limits.maxKeptBytes, "oversized");
    }
    offset += page.entries.length;
    pages++;
  } while (offset < total);
  return entries.size === total
    ? { entries: [...entries.values()], pages }
    : undefined;
}

/** Reads a page, and asks for fewer entries as long as it is too long. */
async function fittingPage(
  source: ListingSource,
  offset: number,
): Promise<MetadataPage> {
  const { limits, pageLimit: limit } = source;
  while (true) {
    try {
      return await source.page({ offset, limit: limit.value });
    } catch (error) {
      const isTooLong = error instanceof UpstreamFault &&
        error.kind === "oversized";
      if (!isTooLong || limit.value <= limits.minLimit) throw error;
      const { bytes = 0 } = error.details;
      const shrinkage = MARGIN * bytes / limits.maxAnswerBytes;
      limit.value = Math.max(
        limits.minLimit,
        Math.floor(limit.value / Math.max(MIN_SHRINKAGE, shrinkage)),
      );
    }
  }
}

/** Digests the keys and values, whatever their order; dropped values are not compared, since nothing uses them. */
async function fingerprint(
  entries: readonly MetadataEntry[],
): Promise<string> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const sorted = [...entries].sort((a, b) => a.key < b.key ? -1 : 1);
  for (const { key, value } of sorted) {
    const bytes = encoder.encode(key);
    parts.push(
      encoder.encode(`${bytes.length} ${value?.length ?? "dropped"} `),
      bytes,
    );
    if (value) parts.push(value);
  }
  const blob = new Blob(parts as BlobPart[]);
  const digest = await crypto.subtle.digest(
    "SHA-256",
    await blob.arrayBuffer(),
  );
  return new Uint8Array(digest).toBase64();
}
