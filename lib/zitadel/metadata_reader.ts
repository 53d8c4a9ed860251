import { LruMap } from "../util/lru_map.ts";
import { Semaphore } from "../util/semaphore.ts";
import type { AccessTokenSource } from "./access_token.ts";
import type { ZitadelConnection } from "./connection.ts";
import { type MetadataEntry, PAGE_SIZE } from "./metadata_listing.ts";
import {
  API_MEMORY_MS,
  ApiMemory,
  listByFirstApi,
} from "./organization_metadata.ts";
import { isFault, upstreamError } from "./upstream_error.ts";

/**
 * What all readings in flight may hold together, in bytes. A reading holds a
 * quarter of it at most, and a quarter is kept for small readings, so that no
 * organization's metadata delays the logins of the others.
 */
const BUDGET_BYTES = 64 * 1024 * 1024;
const LARGE_READING_BYTES = BUDGET_BYTES / 4;

/** Enough for a page of 1,000 roles with a few permissions each. */
const SMALL_READING_BYTES = 256 * 1024;

/** How many small readings run at once: they share the last quarter. */
const MAX_SMALL_READINGS = LARGE_READING_BYTES / SMALL_READING_BYTES;
const MAX_LARGE_READINGS = 3;

/** How many organizations are read at once; others wait, within the same deadline. */
export const MAX_READINGS_AT_ONCE: number = MAX_SMALL_READINGS +
  MAX_LARGE_READINGS;

/** While it is decoded, a page is held twice; what is kept of it, once more. */
const HELD_PER_PAGE_BYTE = 3;

/** For how many organizations it is remembered that they are not small. */
const OUTGROWN = { maxEntries: 10_000, maxBytes: Infinity };

/** Reads an organization's metadata, all of it. */
export type ReadMetadata = (
  organization: string,
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

/** A class of readings that share a part of the budget. */
interface Lane {
  readonly semaphore: Semaphore;
  readonly maxAnswerBytes: number;
  readonly maxKeptBytes: number;
  readonly minLimit: number;
}

/**
 * Loads the client library and the descriptors that the first look-up needs;
 * the rest loads when it is needed.
 *
 * @throws {TypeError} If a module cannot be loaded.
 */
export async function preload(): Promise<void> {
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
  const { connection, token, maxMappingBytes } = options;
  const smallPageBytes = Math.floor(SMALL_READING_BYTES / HELD_PER_PAGE_BYTE);
  const small: Lane = {
    semaphore: new Semaphore(MAX_SMALL_READINGS),
    maxAnswerBytes: smallPageBytes,
    maxKeptBytes: Math.min(smallPageBytes, maxMappingBytes),
    // A small reading never asks for less: it becomes a large one.
    minLimit: PAGE_SIZE,
  };
  const large: Lane = {
    semaphore: new Semaphore(MAX_LARGE_READINGS),
    maxAnswerBytes: Math.floor(LARGE_READING_BYTES / HELD_PER_PAGE_BYTE),
    maxKeptBytes: maxMappingBytes,
    minLimit: 1,
  };
  const outgrown = new LruMap<{ until: number }>(OUTGROWN);
  const apis = new ApiMemory(connection.now);

  return async (organization) => {
    const signal = AbortSignal.timeout(connection.timeoutMs);
    const read = async (lane: Lane) => {
      using _permit = await lane.semaphore.acquire(signal);
      return await withToken(token, signal, (bearer) =>
        listByFirstApi(apis, {
          connection,
          token: bearer,
          organization,
          signal,
          maxValueBytes: options.maxValueBytes,
          ...lane,
        }));
    };
    try {
      const isSmall = (outgrown.get(organization)?.until ?? 0) <=
        connection.now();
      if (isSmall) {
        try {
          return (await read(small)).entries;
        } catch (error) {
          if (!isFault(error, "oversized")) throw error;
          const until = connection.now() + API_MEMORY_MS;
          outgrown.set(organization, { until }, 0);
        }
      }
      return (await read(large)).entries;
    } catch (error) {
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
