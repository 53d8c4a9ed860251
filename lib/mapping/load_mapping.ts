/**
 * Loads a mapping from ZITADEL: reads an organization's metadata, parses it,
 * bounds it, and reports the entries that cannot be read.
 *
 * @module
 */
import { FunctionError, REMEDIES } from "../errors.ts";
import { keyName } from "../observability/key_name.ts";
import type { Log } from "../observability/log.ts";
import { LruMap } from "../util/lru_map.ts";
import {
  MAX_MAPPING_BYTES,
  type MetadataEntry,
  parseRoleMapping,
  type RoleMapping,
} from "./role_mapping.ts";

/** How many unreadable entries one log line names; `deno task doctor` names them all. */
const MAX_NAMED = 20;

/** For how many organizations the last report is remembered. */
const REPORTED_BOUNDS = { maxEntries: 10_000, maxBytes: Infinity };

/** Loads an organization's mapping from ZITADEL, within the deadline. */
export type LoadMapping = (
  organization: string,
  deadline: AbortSignal,
) => Promise<RoleMapping>;

export interface LoadMappingOptions {
  /** Reads an organization's metadata, all of it, within the deadline. */
  readonly readMetadata: (
    organization: string,
    deadline: AbortSignal,
  ) => Promise<readonly MetadataEntry[]>;
  readonly log: Log;
}

/** Creates the loader of mappings. It throws a {@linkcode FunctionError} if the metadata cannot be read or used. */
export function createMappingLoader(
  { readMetadata, log }: LoadMappingOptions,
): LoadMapping {
  const reportProblems = createProblemReport(log);

  return async function loadMapping(organization, deadline) {
    const entries = await readMetadata(organization, deadline);
    const mapping = parseRoleMapping(entries, MAX_MAPPING_BYTES);
    if (mapping.bytes > MAX_MAPPING_BYTES) {
      throw new FunctionError(
        "upstream_failed",
        `Cannot use the metadata of organization ${organization}: its mapping takes more than ${MAX_MAPPING_BYTES} bytes`,
        { organization, reason: "unreadable_answer" },
      );
    }
    await reportProblems(organization, mapping.unreadable);
    return mapping;
  };
}

/** Reports an organization's unreadable entries. */
type ReportProblems = (
  organization: string,
  keys: readonly string[],
) => Promise<void>;

/**
 * Creates the report of unreadable entries, which is logged once until one of
 * them changes. It has the entries' keys, never a value.
 */
function createProblemReport(log: Log): ReportProblems {
  const reported = new LruMap<string>(REPORTED_BOUNDS);

  return async function reportProblems(organization, keys) {
    if (keys.length === 0) return reported.delete(organization);
    const hash = await hashOf(keys);
    if (reported.get(organization) === hash) return;
    reported.set(organization, hash);
    const named = keys.slice(0, MAX_NAMED).map(keyName);
    log({
      level: "warn",
      message: keys.length === 1
        ? `1 metadata entry of organization ${organization} grants nothing: it cannot be read as permissions`
        : `${keys.length} metadata entries of organization ${organization} grant nothing: they cannot be read as permissions`,
      reason: "unreadable_entries",
      organization,
      entries: (await Promise.all(named)).join("; "),
      remedy: REMEDIES.unreadable_entries,
    });
  };
}

/** Covers all entries, also those that the log line does not name. */
async function hashOf(keys: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(keys));
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}
