import type { AccessTokenSource } from "./access_token.ts";
import type { ZitadelConnection } from "./connection.ts";
import { type MetadataEntry, PAGE_SIZE } from "./metadata_listing.ts";
import { ApiMemory, listByFirstApi } from "./organization_metadata.ts";
import { type Lane, type PageLimit, ReadingBudget } from "./reading_budget.ts";
import { isFault, upstreamError } from "./upstream_error.ts";

/**
 * Reads an organization's metadata, all of it, until the signal is aborted; by
 * default after the connection's `timeoutMs`.
 */
export type ReadMetadata = (
  organization: string,
  signal?: AbortSignal,
) => Promise<readonly MetadataEntry[]>;

/** What reading metadata needs. */
export interface MetadataReaderOptions {
  /** The connection to the instance. Its `timeoutMs` is the deadline of a reading, from the first wait to the last page. */
  readonly connection: ZitadelConnection;
  /** Returns the service user's bearer token. */
  readonly token: AccessTokenSource;
  /** Longer values are dropped as they are read, in bytes. */
  readonly maxValueBytes: number;
  /** Reading stops if keys and values take more, in bytes. */
  readonly maxMappingBytes: number;
}

/**
 * Loads the client library and the descriptors that the first look-up needs;
 * the rest loads when it is needed. In steps, so that a call that comes
 * meanwhile waits for one of them and not for all.
 *
 * @throws {TypeError} If a module cannot be loaded.
 */
export async function preload(): Promise<void> {
  await import("@connectrpc/connect");
  await import("@zitadel/client/web");
  await import("./metadata_api.ts");
}

/**
 * Creates the reader of an instance's organization metadata. A reading begins
 * as a small one; if the organization has more, it is repeated as a large one,
 * of which a few run at once.
 *
 * @param options What reading needs.
 * @returns The reader. It throws a `FunctionError` if the metadata cannot be read.
 */
export function createMetadataReader(
  options: MetadataReaderOptions,
): ReadMetadata {
  const { connection, token, maxValueBytes } = options;
  const budget = new ReadingBudget(options.maxMappingBytes, connection.now);
  const apis = new ApiMemory(connection.now);

  return async (
    organization,
    signal = AbortSignal.timeout(connection.timeoutMs),
  ) => {
    // Time spent in the queue or on a token says nothing about the pages.
    let isListing = false;
    const read = async (lane: Lane, pageLimit: PageLimit) => {
      using _permit = await lane.semaphore.acquire(signal);
      const { entries } = await withToken(
        token,
        signal,
        (bearer) => {
          isListing = true;
          return listByFirstApi(apis, {
            connection,
            token: bearer,
            organization,
            signal,
            maxValueBytes,
            limits: lane,
            pageLimit,
          });
        },
      );
      return entries;
    };
    let largeLimit = budget.largeLimit(organization);
    try {
      if (!largeLimit) {
        try {
          return await read(budget.small, { value: PAGE_SIZE });
        } catch (error) {
          if (!isFault(error, "oversized")) throw error;
          largeLimit = budget.outgrow(organization);
        }
      }
      return await read(budget.large, largeLimit);
    } catch (error) {
      if (largeLimit && isListing && signal.aborted) {
        budget.shrink(organization, largeLimit);
      }
      throw upstreamError(error, {
        action: `Cannot read the metadata of organization ${organization}`,
        connection,
        organization,
        signal,
        credential: token.settings,
      });
    }
  };
}

/** Reads with a token, and once more with a renewed one if ZITADEL refuses the first. */
async function withToken<T>(
  token: AccessTokenSource,
  signal: AbortSignal,
  read: (token: string) => Promise<T>,
): Promise<T> {
  const first = await token.get(signal);
  try {
    return await read(first);
  } catch (error) {
    if (!isFault(error, "credential_rejected") || !token.discard(first)) {
      throw error;
    }
  }
  const renewed = await token.get(signal);
  try {
    return await read(renewed);
  } catch (error) {
    if (isFault(error, "credential_rejected")) token.discard(renewed);
    throw error;
  }
}
