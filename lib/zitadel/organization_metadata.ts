import type { ZitadelConnection } from "./connection.ts";
import { judgeMissingApis } from "./discovery.ts";
import {
  type ListingLimits,
  METADATA_APIS,
  type MetadataApi,
  type MetadataEntry,
  PAGE_SIZE,
  readListing,
} from "./metadata_listing.ts";
import { isFault, tooMuchMetadata, upstreamError } from "./upstream_error.ts";

/**
 * How long an API that worked is asked first. After an upgrade of ZITADEL the
 * better one is found again within this time, in milliseconds.
 */
export const API_MEMORY_MS = 60 * 60 * 1000;

/** An operator's command reads everything, in pages that fit into memory. */
const TOOL_LIMITS: ListingLimits = {
  maxAnswerBytes: 16 * 1024 * 1024,
  maxKeptBytes: Infinity,
  maxReceivedBytes: Infinity,
  minLimit: 1,
};

/** What listing an organization's metadata needs. */
export interface ListOptions {
  /** A bearer token. */
  readonly token: string;
  /** The organization's id. */
  readonly organization: string;
  /** Ends the listing. By default after the connection's `timeoutMs`. */
  readonly signal?: AbortSignal;
}

/**
 * Lists an organization's metadata as the function reads it, all values
 * included, and reports which API answered.
 *
 * @param connection The connection to the instance.
 * @param options What listing needs.
 * @returns The API that answered, and every entry.
 * @throws {FunctionError} If the metadata cannot be read.
 */
export async function listOrganizationMetadata(
  connection: ZitadelConnection,
  {
    token,
    organization,
    signal = AbortSignal.timeout(connection.timeoutMs),
  }: ListOptions,
): Promise<{ api: MetadataApi; entries: readonly MetadataEntry[] }> {
  try {
    return await listByFirstApi(new ApiMemory(connection.now), {
      connection,
      token,
      organization,
      signal,
      maxValueBytes: Infinity,
      limits: TOOL_LIMITS,
      pageLimit: { value: PAGE_SIZE },
    });
  } catch (error) {
    throw upstreamError(error, {
      action: `Cannot read the metadata of organization ${organization}`,
      connection,
      organization,
      signal,
      credential: "token",
    });
  }
}

/** What one listing needs beside. */
export interface Reading extends Required<ListOptions> {
  /** The connection to the instance. */
  readonly connection: ZitadelConnection;
  /** Longer values are dropped, in bytes. */
  readonly maxValueBytes: number;
  /** How much may be read. */
  readonly limits: ListingLimits;
  /** How many entries to ask for at a time; shrinks if an answer is too long. */
  readonly pageLimit: { value: number };
}

/**
 * Lists an organization's metadata by v2, then v2beta, then management v1, each
 * only if the one before is unimplemented.
 *
 * @param apis Which API to begin with.
 * @param reading What the listing needs.
 * @returns The API that answered, and the entries.
 * @throws {UpstreamFault} If the metadata cannot be read.
 */
export async function listByFirstApi(
  apis: ApiMemory,
  reading: Reading,
): Promise<{ api: MetadataApi; entries: readonly MetadataEntry[] }> {
  const wire = await import("./metadata_api.ts");
  const { limits, maxValueBytes } = reading;
  const { maxAnswerBytes } = limits;
  const onBytes = countUpTo(limits.maxReceivedBytes);
  const call = { ...reading, maxAnswerBytes, onBytes };
  for (const api of apis.inOrder()) {
    try {
      const entries = await readListing({
        limits,
        pageLimit: reading.pageLimit,
        page: (range) =>
          wire.listMetadata(call, api, { ...range, maxValueBytes }),
        isReadable: () => wire.isOrganizationReadable(call, api),
      });
      apis.worked(api);
      return { api, entries };
    } catch (error) {
      if (isFault(error, "unimplemented")) {
        apis.missing(api);
        continue;
      }
      if (isFault(error, "oversized")) apis.worked(api);
      throw error;
    }
  }
  throw await judgeMissingApis(reading.connection, reading.signal);
}

/** Returns a counter of received bytes that ends the reading at a bound. */
function countUpTo(maxBytes: number): (bytes: number) => void {
  let received = 0;
  return (bytes) => {
    received += bytes;
    if (received > maxBytes) throw tooMuchMetadata(maxBytes);
  };
}

/** Remembers the API that worked, and asks it first. */
export class ApiMemory {
  readonly #now: () => number;
  #known: { readonly api: MetadataApi; readonly until: number } | undefined;

  /**
   * Creates an empty memory.
   *
   * @param now Returns the time, in milliseconds since 1970.
   */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Returns the APIs in the order in which to ask them.
   *
   * @returns All of them.
   */
  inOrder(): MetadataApi[] {
    const isKnown = this.#known && this.#known.until > this.#now();
    const first = isKnown ? this.#known!.api : METADATA_APIS[0];
    return [first, ...METADATA_APIS.filter((api) => api !== first)];
  }

  /**
   * Remembers that an API answered. Answering again does not extend the memory:
   * a better API may have come.
   *
   * @param api The API.
   */
  worked(api: MetadataApi): void {
    const isKnown = this.#known?.api === api && this.#known.until > this.#now();
    if (!isKnown) this.#known = { api, until: this.#now() + API_MEMORY_MS };
  }

  /**
   * Forgets an API that is not there any more.
   *
   * @param api The API.
   */
  missing(api: MetadataApi): void {
    if (this.#known?.api === api) this.#known = undefined;
  }
}
