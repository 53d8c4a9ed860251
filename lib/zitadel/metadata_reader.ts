import { FunctionError } from "../errors.ts";
import type { Connection, MetadataApi } from "./metadata_api.ts";
import {
  MAX_VALUE_BYTES,
  type MetadataEntry,
} from "../mapping/role_mapping.ts";
import type { AccessTokenSource } from "./access_token.ts";
import { Semaphore } from "../util/semaphore.ts";
import { abortable } from "../util/abortable.ts";

/**
 * How long an API that worked is asked first. After an upgrade of ZITADEL the
 * better one is found again within this time, in milliseconds.
 */
export const API_MEMORY_MS = 60 * 60 * 1000;

/** How often a list that changes while it is read is begun anew. */
const MAX_LISTINGS = 3;

/**
 * How many organizations are read at once; others wait, within the same time.
 * Stale mappings are refreshed in the background, where nobody's waiting slows
 * the next: without a bound, thousands of organizations open as many sockets.
 */
export const MAX_READINGS_AT_ONCE = 100;

/**
 * The most bytes of one organization's mapping: ten times what 10,000 roles
 * take. Its administrator must not slow the logins of others down.
 */
export const MAX_MAPPING_BYTES = 10 * 1024 * 1024;

/** Reads an organization's metadata, all of it. */
export type ReadMetadata = (
  organization: string,
) => Promise<readonly MetadataEntry[]>;

/** What reading metadata needs. */
export interface MetadataOptions {
  /** The instance's origin. */
  readonly origin: string;
  /** Gives the service user's bearer token. */
  readonly token: AccessTokenSource;
  /** How long one reading may take in all, in milliseconds. */
  readonly timeoutMs: number;
  /** Sends the requests. */
  readonly fetch: typeof fetch;
  /** Tells the time, in milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Makes the reader of an instance's organization metadata. It asks by v2, then
 * by v2beta, then by management v1, each only where the former is not
 * implemented, and begins with what worked last. An empty list is believed only
 * where the organization is seen to be readable, since ZITADEL answers those
 * without permission with an empty list too.
 *
 * @param options What reading needs.
 * @returns The reader. It throws a {@linkcode FunctionError} where the metadata cannot be had.
 */
export function createMetadataReader(options: MetadataOptions): ReadMetadata {
  const { origin, fetch, now, token } = options;
  const semaphore = new Semaphore(MAX_READINGS_AT_ONCE);
  let known: { api: MetadataApi; until: number } | undefined;

  return async (organization) => {
    const wire = await import("./metadata_api.ts");
    const signal = AbortSignal.timeout(options.timeoutMs);
    try {
      using _permit = await semaphore.acquire(signal);
      const bearer = await token.get();
      try {
        return await read({ origin, fetch, signal, token: bearer });
      } catch (error) {
        if (!wire.isUnauthenticated(error) || !token.discard(bearer)) {
          throw error;
        }
        const renewed = await abortable(token.get(), signal);
        return await read({ origin, fetch, signal, token: renewed });
      }
    } catch (error) {
      throw wire.upstreamError(error, {
        origin,
        signal,
        organization,
        credential: token.settings,
      });
    }

    async function read(
      connection: Connection,
    ): Promise<readonly MetadataEntry[]> {
      const remembered = known && known.until > now() ? [known.api] : [];
      let missing: unknown;
      for (const api of [...remembered, ...wire.METADATA_APIS]) {
        try {
          const entries = await readBy(api, connection);
          // What is remembered is not for longer by working: a better one may
          // have come.
          if (missing || remembered.length === 0) {
            known = { api, until: now() + API_MEMORY_MS };
          }
          return entries;
        } catch (error) {
          if (!wire.isUnimplemented(error)) throw error;
          missing = error;
        }
      }
      throw missing;
    }

    async function readBy(
      api: MetadataApi,
      connection: Connection,
    ): Promise<readonly MetadataEntry[]> {
      const entries = await readAll((offset) =>
        wire.listMetadata(api, connection, { organization, offset })
      );
      if (!entries) throw unstableListing(organization);
      if (sizeOf(entries) > MAX_MAPPING_BYTES) throw tooLarge(organization);
      // Management v1 answers those without permission with an error.
      if (
        entries.length === 0 && api !== "management_v1" &&
        !await wire.isOrganizationReadable(connection, organization)
      ) throw wire.missingPermission(organization);
      return entries;
    }
  };
}

/** Reads pages until all is there; `undefined` where the list will not hold still. */
async function readAll(
  list: (offset: number) => Promise<
    { entries: readonly MetadataEntry[]; total: number }
  >,
): Promise<MetadataEntry[] | undefined> {
  for (let listing = 0; listing < MAX_LISTINGS; listing++) {
    const entries = new Map<string, MetadataEntry>();
    let page = await list(0);
    const { total } = page;
    let offset = 0;
    while (page.total === total && page.entries.length > 0) {
      for (const entry of page.entries) entries.set(entry.key, entry);
      offset += page.entries.length;
      if (offset >= total) break;
      page = await list(offset);
    }
    if (entries.size === total && page.total === total) {
      return [...entries.values()];
    }
  }
  return undefined;
}

/** Adds up what a mapping can be made of; longer values are none. */
function sizeOf(entries: readonly MetadataEntry[]): number {
  let bytes = 0;
  for (const { key, value } of entries) {
    if (value && value.length <= MAX_VALUE_BYTES) {
      bytes += key.length + value.length;
    }
  }
  return bytes;
}

function tooLarge(organization: string): FunctionError {
  return new FunctionError(
    "upstream_failed",
    `Cannot read the metadata of organization ${organization}: its mapping is larger than ${MAX_MAPPING_BYTES} bytes`,
    {
      organization,
      reason: "unreadable_answer",
      remedy:
        "Remove the entries that are no roles, or give coarser permissions",
    },
  );
}

function unstableListing(organization: string): FunctionError {
  return new FunctionError(
    "upstream_failed",
    `Cannot read the metadata of organization ${organization}: it changed ${MAX_LISTINGS} times while being read`,
    {
      organization,
      reason: "unstable_listing",
      remedy:
        "Look for what writes this organization's metadata all the time, and make it stop",
    },
  );
}
