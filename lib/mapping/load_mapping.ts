import { FunctionError } from "../errors.ts";
import type { Log } from "../observability/log.ts";
import {
  MAX_MAPPING_BYTES,
  type MetadataEntry,
  parseInSteps,
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
  ) => Promise<readonly MetadataEntry[]>;
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
    const entries = await readMetadata(organization, signal);
    // The keys alone can be too much: then no value needs to be parsed.
    requireSize(withoutPermissions(entries), organization);
    const mapping = await parseWithPauses(entries, { organization, signal });
    requireSize(mapping, organization);
    await reportProblems(organization, mapping.problems);
    return mapping;
  };
}

function withoutPermissions(entries: Iterable<MetadataEntry>): RoleMapping {
  const plain = new Map<string, readonly string[]>();
  for (const { key } of entries) plain.set(key, []);
  return { plain, qualified: new Map(), problems: [] };
}

function requireSize(mapping: RoleMapping, organization: string): void {
  if (sizeOfMapping(mapping) > MAX_MAPPING_BYTES) {
    throw new FunctionError(
      "upstream_failed",
      `Cannot use the metadata of organization ${organization}: its mapping takes more than ${MAX_MAPPING_BYTES} bytes`,
      {
        organization,
        reason: "unreadable_answer",
        remedy:
          "Remove the entries that are not roles, or grant fewer, coarser permissions",
      },
    );
  }
}

/** Parses metadata; the calls of other organizations run in between. */
async function parseWithPauses(
  entries: Iterable<MetadataEntry>,
  { organization, signal }: {
    readonly organization: string;
    readonly signal: AbortSignal;
  },
): Promise<RoleMapping> {
  const parsing = parseInSteps(entries);
  let step = parsing.next();
  while (!step.done) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (signal.aborted) throw late(organization);
    step = parsing.next();
  }
  return step.value;
}

function late(organization: string): FunctionError {
  return new FunctionError(
    "upstream_timeout",
    `Cannot use the metadata of organization ${organization}: the time for reading it was over before it was parsed`,
    {
      organization,
      reason: "timeout",
      remedy:
        "Remove the entries that are not roles, and check that ZITADEL is not slow; UPSTREAM_TIMEOUT_MS is the time for both",
    },
  );
}
