import type { Log } from "../observability/log.ts";
import { abortable } from "../util/abortable.ts";
import { KV_OPEN_TIMEOUT_MS, kvTrouble } from "./kv_trouble.ts";

/** What opening the database needs. */
export interface OpenKvOptions {
  /** Where it is; `undefined` for the platform's database or a local file. */
  readonly url?: string | undefined;
  /** Takes a failure. */
  readonly log: Log;
}

/**
 * Opens the database that isolates share. Without one, the function works from
 * memory, so a failure is logged and never ends a start.
 *
 * @param open `Deno.openKv`, which is absent without `--unstable-kv`.
 * @param options Where it is, and where to report.
 * @returns The database, or `undefined` if it cannot be opened in time.
 */
export async function openKv(
  open: typeof Deno.openKv | undefined,
  { url, log }: OpenKvOptions,
): Promise<Deno.Kv | undefined> {
  if (open === undefined) {
    log({
      level: "warn",
      message: "This runtime has no Deno KV; working from memory",
      reason: "kv_failed",
      remedy:
        'Start it with --unstable-kv, or with a deno.json that has "unstable": ["kv"]',
    });
    return undefined;
  }
  try {
    return await abortable(open(url), AbortSignal.timeout(KV_OPEN_TIMEOUT_MS));
  } catch (error) {
    log(kvTrouble("open", error));
    return undefined;
  }
}
