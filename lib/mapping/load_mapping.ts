import { FunctionError } from "../errors.ts";
import type { Log } from "../observability/log.ts";
import {
  MAX_MAPPING_BYTES,
  type MetadataEntry,
  parseRoleMapping,
  type RoleMapping,
  sizeOfMapping,
} from "./role_mapping.ts";
import { createProblemReport } from "./unreadable_entries.ts";

/** Loads an organization's mapping from ZITADEL, until the signal is aborted. */
export type LoadMapping = (
  organization: string,
  signal: AbortSignal,
) => Promise<RoleMapping>;

/** What loading a mapping takes. */
export interface LoadMappingOptions {
  /** Reads an organization's metadata, all of it, until the signal is aborted. */
  readonly readMetadata: (
    organization: string,
    signal: AbortSignal,
  ) => Promise<Iterable<MetadataEntry>>;
  /** Takes what is wrong in a mapping. */
  readonly log: Log;
}

/**
 * Creates the loader of mappings: it reads an organization's metadata, parses
 * it, bounds it and reports what is wrong in it.
 *
 * @param options What loading takes.
 * @returns The loader. It throws a {@linkcode FunctionError} if the metadata cannot be had or used.
 */
export function createMappingLoader(
  { readMetadata, log }: LoadMappingOptions,
): LoadMapping {
  const reportProblems = createProblemReport(log);

  return async function loadMapping(organization, signal) {
    const mapping = parseRoleMapping(await readMetadata(organization, signal));
    if (sizeOfMapping(mapping) > MAX_MAPPING_BYTES) {
      throw new FunctionError(
        "upstream_failed",
        `Cannot use the metadata of organization ${organization}: its mapping takes more than ${MAX_MAPPING_BYTES} bytes`,
        {
          organization,
          reason: "unreadable_answer",
          liesInContent: true,
          remedy:
            "Remove the entries that are not roles, or grant fewer, coarser permissions",
        },
      );
    }
    await reportProblems(organization, mapping.problems);
    return mapping;
  };
}
