import { Code } from "@connectrpc/connect";
import { type Timestamp, timestampNow } from "@bufbuild/protobuf/wkt";
import { apiError } from "./api_error.ts";

/** ZITADEL's page size if the caller asks for none. */
const DEFAULT_LIMIT = 100;
/** The largest page of the v2 and v2beta APIs. */
const MAX_LIMIT = 1000;

/** The part of a list that a caller asks for. */
export interface Page {
  readonly offset?: bigint;
  /** The page size; 0 for ZITADEL's default. */
  readonly limit?: number;
}

/** What v2 and v2beta report about a list. */
export interface Pagination {
  /** The number of entries on all pages. */
  readonly totalResult: bigint;
  /** The page size that was used; 0 in lists that do not report it. */
  readonly appliedLimit: bigint;
}

/** What v1 reports about a list. */
export interface ListDetails {
  /** The number of entries on all pages. */
  readonly totalResult: bigint;
  readonly viewTimestamp: Timestamp;
}

function slice<Item>(items: readonly Item[], page: Page | undefined): Item[] {
  const offset = Number(page?.offset ?? 0n);
  return items.slice(offset, offset + (page?.limit || DEFAULT_LIMIT));
}

/** Cuts a page out of a list, with the pagination of v2 and v2beta. */
export function pageOf<Item>(
  items: readonly Item[],
  page: Page | undefined,
  { reportsDefault = true }: { reportsDefault?: boolean } = {},
): { items: Item[]; pagination: Pagination } {
  if ((page?.limit ?? 0) > MAX_LIMIT) {
    throw apiError(Code.InvalidArgument, "Limit exceeded", {
      id: "QUERY-4M0fs",
    });
  }
  const limit = page?.limit || (reportsDefault ? DEFAULT_LIMIT : 0);
  return {
    items: slice(items, page),
    pagination: {
      totalResult: BigInt(items.length),
      appliedLimit: BigInt(limit),
    },
  };
}

/**
 * Cuts a page out of a list, with the details of the v1 APIs, which have no
 * maximum.
 */
export function listOf<Item>(
  items: readonly Item[],
  query: Page | undefined,
): { items: Item[]; details: ListDetails } {
  return {
    items: slice(items, query),
    details: {
      totalResult: BigInt(items.length),
      viewTimestamp: timestampNow(),
    },
  };
}

/**
 * Compares a text by one of ZITADEL's comparison methods, whose numbers are the
 * same in every version of the API.
 */
export function matchesText(
  text: string,
  wanted: string,
  method: number,
): boolean {
  const [a, b] = method % 2 === 0
    ? [text, wanted]
    : [text.toLowerCase(), wanted.toLowerCase()];
  switch (method >> 1) {
    case 0:
      return a === b;
    case 1:
      return a.startsWith(b);
    case 2:
      return a.includes(b);
    default:
      return a.endsWith(b);
  }
}
