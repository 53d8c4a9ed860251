/**
 * Loads a mapping from ZITADEL: reads an organization's metadata, parses it,
 * bounds it, and reports the entries that cannot be read.
 *
 * @module
 */
import { FunctionError, remark } from "../errors.ts";
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

/** The longest metadata key that is logged as it is, in characters: role names are shorter. */
const MAX_KEY_LENGTH = 64;

/**
 * Characters that a terminal obeys, that hide or reorder what follows, or that
 * end a line: controls, format characters such as bidirectional overrides,
 * halves of surrogate pairs, U+2028 and U+2029.
 */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** How many digits of the hash tell keys apart. */
const HASH_DIGITS = 8;

/** For how many organizations the last report is remembered. */
const MAX_REPORTS = 10_000;

export interface LoadMappingOptions {
  /** Reads an organization's metadata, all of it, within the deadline. */
  readonly readMetadata: (
    organization: string,
    deadline: AbortSignal,
  ) => Promise<readonly MetadataEntry[]>;
  readonly log: Log;
}

/** Creates the loader of mappings. It throws a {@linkcode FunctionError} if the metadata cannot be read or used. */
export function createMappingLoader({ readMetadata, log }: LoadMappingOptions) {
  const reports = new LruMap<string>(MAX_REPORTS);

  return async function loadMapping(
    organization: string,
    deadline: AbortSignal,
  ): Promise<RoleMapping> {
    const entries = await readMetadata(organization, deadline);
    const mapping = parseRoleMapping(entries, MAX_MAPPING_BYTES);
    if (mapping.bytes > MAX_MAPPING_BYTES) {
      throw new FunctionError(
        "upstream_failed",
        `Cannot use the metadata of organization ${organization}: its mapping takes more than ${MAX_MAPPING_BYTES} bytes`,
        { organization, reason: "unreadable_answer" },
      );
    }
    await reportUnreadable(organization, mapping.unreadable);
    return mapping;
  };

  /** Logs the keys of unreadable entries, never a value, once until they change. */
  async function reportUnreadable(
    organization: string,
    keys: readonly string[],
  ): Promise<void> {
    const count = keys.length;
    if (count === 0) return reports.delete(organization);
    const named = await Promise.all(keys.slice(0, MAX_NAMED).map(keyName));
    const entries = named.join("; ");
    const report = `${count}: ${entries}`;
    if (reports.get(organization) === report) return;
    reports.set(organization, report);
    const message = count === 1
      ? `1 metadata entry of organization ${organization} grants nothing: it cannot be read as permissions`
      : `${count} metadata entries of organization ${organization} grant nothing: they cannot be read as permissions`;
    log(remark("unreadable_entries", message, { organization, entries }));
  }
}

/**
 * Names a metadata key in the log. A key that is long or looks like an e-mail
 * address may be personal, and one with invisible characters may forge a line,
 * so its hash stands for it:
 * `printf %s KEY | sha256sum | cut -c1-8` shows which key it is.
 */
async function keyName(key: string): Promise<string> {
  const isPlain = key.length <= MAX_KEY_LENGTH && !key.includes("@") &&
    !INVISIBLE.test(key);
  if (isPlain) return key;
  const bytes = new TextEncoder().encode(key);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256:${hash.toHex().slice(0, HASH_DIGITS)}`;
}
