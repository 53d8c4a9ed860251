/**
 * Reads organizations' metadata: by the first API that the release has, a few
 * organizations at once, in bounded memory.
 *
 * @module
 */
import { Semaphore } from "../util/semaphore.ts";
import type { AccessTokenSource } from "./access_token.ts";
import { judgeMissingApis } from "./answer.ts";
import type { ApiCall } from "./metadata_api.ts";
import {
  type ListingSource,
  METADATA_APIS,
  type MetadataApi,
  type MetadataEntry,
  readListing,
} from "./metadata_listing.ts";
import { isFault, upstreamError } from "./upstream_fault.ts";

/**
 * The longest answer that is read, in bytes: 5 of the longest values, or 1,000
 * entries with all that a mapping may hold.
 */
const MAX_ANSWER_BYTES = 2.5 * 1024 * 1024;

/**
 * How many organizations are read at once; others wait, within their deadline.
 * An answer is held three times while it is decoded, so readings hold 180 MiB
 * at most. Each organization has one reading, which ends at its deadline: an
 * organization with very much metadata takes one of these places from the others.
 */
const MAX_READINGS = 24;

/** The most that a reading receives, in bytes: more would take its place until the deadline. */
const MAX_READ_BYTES = 32 * 1024 * 1024;

/**
 * How long an API that worked is asked first, in milliseconds. After an upgrade
 * of ZITADEL the better one is found again within this time.
 */
const API_MEMORY_MS = 60 * 60 * 1000;

/** What a list is read with. */
type ListingCall =
  & ApiCall
  & Pick<ListingSource, "maxKeptBytes" | "maxReadBytes">;

/** Creates the reader of an instance's organization metadata, which throws a `FunctionError` if it cannot be read. */
export function createMetadataReader(
  source:
    & Pick<ListingCall, "connection" | "maxValueBytes" | "maxKeptBytes">
    & { readonly token: AccessTokenSource },
) {
  const { connection, token } = source;
  const readings = new Semaphore(MAX_READINGS);
  let known: { readonly api: MetadataApi; readonly until: number } | undefined;

  /** Reads an organization's metadata, all of it, until the signal is aborted. */
  return async function readMetadata(
    organization: string,
    signal: AbortSignal,
  ): Promise<readonly MetadataEntry[]> {
    try {
      using _place = await readings.acquire(signal);
      return await list(organization, signal);
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

  /** Lists with a token, and once more with a renewed one if ZITADEL refuses the first. */
  async function list(organization: string, signal: AbortSignal) {
    for (let isLast = false;; isLast = true) {
      const bearer = await token.get(signal);
      try {
        const now = connection.now();
        if (known && now >= known.until) known = undefined;
        const { api, entries } = await listByFirstApi({
          ...source,
          token: bearer,
          organization,
          signal,
          maxAnswerBytes: MAX_ANSWER_BYTES,
          maxReadBytes: MAX_READ_BYTES,
        }, known?.api);
        if (known?.api !== api) known = { api, until: now + API_MEMORY_MS };
        return entries;
      } catch (error) {
        const isRefused = isFault(error, "credential_rejected");
        if (!isRefused || !token.discard(bearer) || isLast) throw error;
      }
    }
  }
}

/**
 * Lists an organization's metadata by v2, then v2beta, then management v1, each
 * only if the one before is unimplemented.
 *
 * @throws {UpstreamFault} If the metadata cannot be read.
 */
export async function listByFirstApi(
  options: ListingCall,
  first: MetadataApi = METADATA_APIS[0],
): Promise<{ api: MetadataApi; entries: readonly MetadataEntry[] }> {
  const calls = await import("./metadata_api.ts");
  for (const api of new Set([first, ...METADATA_APIS])) {
    try {
      const entries = await readListing({
        ...options,
        page: (range) => calls.listMetadata(options, api, range),
        isReadable: () => calls.isOrganizationReadable(options, api),
      });
      return { api, entries };
    } catch (error) {
      if (!isFault(error, "unimplemented")) throw error;
    }
  }
  throw await judgeMissingApis(options.connection, options.signal);
}
