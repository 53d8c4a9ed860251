import { keyName } from "../observability/key_name.ts";
import type { Log } from "../observability/log.ts";
import { LruMap } from "../util/lru_map.ts";
import type { MappingProblem } from "./role_mapping.ts";

/** How many unreadable entries one log line names; `deno task doctor` names them all. */
const MAX_NAMED = 20;

/** How much is remembered of what was reported. */
const MEMORY_BOUNDS = { maxEntries: 10_000, maxBytes: 8 * 1024 * 1024 };

/** Reports an organization's unreadable entries. */
export type ReportProblems = (
  organization: string,
  problems: readonly MappingProblem[],
) => Promise<void>;

/**
 * Creates the report of unreadable entries, which is logged once until they
 * change.
 *
 * @param log Takes the line. It has the entries' keys and what is wrong, never a value.
 * @returns The report.
 */
export function createProblemReport(log: Log): ReportProblems {
  const reported = new LruMap<string>(MEMORY_BOUNDS);

  return async function reportProblems(organization, problems) {
    const named = problems.slice(0, MAX_NAMED).map(async ({ key, problem }) =>
      `${await keyName(key)}: ${problem}`
    );
    const entries = (await Promise.all(named)).join("; ");
    if ((reported.get(organization) ?? "") === entries) return;
    reported.set(organization, entries, 2 * entries.length);
    if (!entries) return;
    log({
      level: "warn",
      message:
        `${problems.length} metadata entries of organization ${organization} grant nothing: they cannot be read as permissions`,
      reason: "unreadable_entries",
      organization,
      entries,
      remedy:
        'Write each as a JSON array of strings, such as ["posts:read"]; entries that are not roles can stay',
    });
  };
}
