import { isFault, UpstreamFault } from "./upstream_fault.ts";

/**
 * The APIs that list metadata, best first: v2 since v4.7, v2beta since v4.0,
 * management v1 in every release.
 */
export const METADATA_APIS = ["v2", "v2beta", "management_v1"] as const;

/** One of {@linkcode METADATA_APIS}. */
export type MetadataApi = typeof METADATA_APIS[number];

/** The most entries that ZITADEL returns at a time; 1,001 is refused. */
const LARGE_PAGE = 1_000;

/** So many entries fit into an answer however long they are: ZITADEL takes values up to 500,000 bytes. */
const SMALL_PAGE = 5;

/** How often a list is read before it counts as one that keeps changing. */
const MAX_LISTINGS = 5;

/** An entry of an organization's metadata. */
export interface MetadataEntry {
  readonly key: string;
  /** `undefined` if the value was longer than the reader keeps. */
  readonly value: Uint8Array | undefined;
}

/** A part of an organization's metadata. */
export interface MetadataPage {
  /** The entries from the offset on. */
  readonly entries: readonly MetadataEntry[];
  /** How many entries there are in all, as ZITADEL reports it. */
  readonly total: number;
  /** How long the keys and values were, dropped ones included. */
  readonly bytes: number;
}

/** Which part of a list to read. */
export type PageRange = { readonly offset: number; readonly limit: number };

/** Where a list comes from, and how much of it is read. */
export interface ListingSource {
  /** Returns a part of the list; throws an `oversized` fault if that is too long. */
  readonly page: (range: PageRange) => Promise<MetadataPage>;
  /** Reports whether the caller may read the organization. */
  readonly isReadable: () => Promise<boolean>;
  /** The most bytes of keys and values that are kept. */
  readonly maxKeptBytes: number;
  /** The most bytes of keys and values that are read, dropped ones and repeated readings included. */
  readonly maxReadBytes: number;
}

type Values = Map<string, Uint8Array | undefined>;

/**
 * Reads a list until it can be trusted. An empty one counts only if the
 * organization is readable and the list is still empty afterwards, since
 * ZITADEL answers callers without permission with an empty list too. One of
 * several pages counts only if two complete listings in a row are equal, since
 * an entry that is removed between two pages moves the others.
 *
 * @throws {UpstreamFault} If the list cannot be read, is too long or keeps changing.
 */
export async function readListing(
  source: ListingSource,
): Promise<readonly MetadataEntry[]> {
  const readPage = createPageReader(source);
  let previous: Values | undefined;
  for (let listing = 0; listing < MAX_LISTINGS; listing++) {
    const { values, pages } = await listOnce(readPage, source.maxKeptBytes);
    const isWhole = values && pages === 1 && values.size > 0;
    if (isWhole || values && previous && isEqual(values, previous)) {
      return [...values].map(([key, value]) => ({ key, value }));
    }
    if (values?.size === 0 && !await source.isReadable()) {
      throw new UpstreamFault("missing_permission");
    }
    previous = values;
  }
  throw new UpstreamFault(
    "unstable_listing",
    `the list was another one each of ${MAX_LISTINGS} times`,
  );
}

/** Reads large pages until one is too long, then small ones. */
function createPageReader(
  { page, maxReadBytes }: ListingSource,
): (offset: number) => Promise<MetadataPage> {
  let limit = LARGE_PAGE;
  let readBytes = 0;

  return async function readPage(offset) {
    try {
      const found = await page({ offset, limit });
      readBytes += found.bytes;
      if (readBytes > maxReadBytes) throw tooMuchMetadata(maxReadBytes);
      return found;
    } catch (error) {
      if (!isFault(error, "oversized") || limit === SMALL_PAGE) throw error;
      limit = SMALL_PAGE;
      return await readPage(offset);
    }
  };
}

/** Reads each page once; returns no values if the list changes on the way. */
async function listOnce(
  readPage: (offset: number) => Promise<MetadataPage>,
  maxKeptBytes: number,
): Promise<{ readonly values: Values | undefined; readonly pages: number }> {
  const values: Values = new Map();
  let total: number | undefined;
  let offset = 0;
  let pages = 0;
  let keptBytes = 0;
  do {
    const page = await readPage(offset);
    pages++;
    total ??= page.total;
    if (page.total !== total) return { values: undefined, pages };
    if (page.entries.length === 0) break;
    for (const { key, value } of page.entries) {
      values.set(key, value);
      keptBytes += key.length + (value?.length ?? 0);
    }
    if (keptBytes > maxKeptBytes) throw tooMuchMetadata(maxKeptBytes);
    offset += page.entries.length;
  } while (offset < total);
  return { values: values.size === total ? values : undefined, pages };
}

function tooMuchMetadata(maxBytes: number): UpstreamFault {
  const seen = `it has more than ${maxBytes} bytes`;
  return new UpstreamFault("unreadable_answer", seen);
}

/** Compares keys and values, whatever their order; nothing uses dropped values. */
function isEqual(a: Values, b: Values): boolean {
  return a.size === b.size && [...a].every(([key, value]) => {
    const other = b.get(key);
    if (!value || !other) return b.has(key) && value === other;
    return value.length === other.length &&
      value.every((byte, at) => byte === other[at]);
  });
}
