/**
 * How the isolates of a function tell each other that a mapping is void: by one
 * key in Deno KV, which all of them watch.
 *
 * @module
 */
import { KV_TIMEOUT_MS, kvTrouble } from "./kv_trouble.ts";
import type { Log } from "../observability/log.ts";
import { accepted, fields, fitting, list, text } from "../shape.ts";

/** How often an invalidation is tried before every isolate drops everything. */
const MAX_ANNOUNCEMENTS = 8;

/** How many announcements stand in KV: KV tells a watcher of the last value only. */
const RECENT_ANNOUNCEMENTS = 64;

/** How long to wait before a broken watch is begun anew, in milliseconds. */
const WATCH_RETRY_MS = 1_000;

/** Changes with the shape of what is stored: values of another format are as if absent. */
const FORMAT = 1;

interface Announcement {
  id: string;
  /** The organization whose mapping is void; `null` for all. */
  organization: string | null;
  /** The isolate that announces it. */
  by: string;
}

/** The last announcements, oldest first. */
const announcementsShape = list(fields<Announcement>({
  id: text,
  organization: accepted((value) =>
    value === null || typeof value === "string"
  ),
  by: text,
}));

/** What announcing and watching needs. */
export interface InvalidationsOptions {
  /** The database. */
  readonly kv: Deno.Kv;
  /** The instance's origin: part of the key. */
  readonly origin: string;
  /** Takes KV's troubles. */
  readonly log: Log;
}

/** The isolates' word to each other. */
export class Invalidations {
  readonly #options: InvalidationsOptions;
  readonly #isolate = crypto.randomUUID();
  readonly #key: Deno.KvKey;

  /**
   * Joins the isolates that share a database.
   *
   * @param options What announcing and watching needs.
   */
  constructor(options: InvalidationsOptions) {
    this.#options = options;
    this.#key = ["role_permissions_void", FORMAT, options.origin];
  }

  /**
   * Announces that an organization's mapping is void, in one commit with what
   * makes it void in KV.
   *
   * @param organization The organization's id.
   * @param bury Adds to the commit what makes the mapping void.
   * @returns Once KV has taken it.
   */
  async announce(
    organization: string,
    bury: (operation: Deno.AtomicOperation) => void,
  ): Promise<true> {
    const { kv } = this.#options;
    const by = this.#isolate;
    for (let attempt = 1;; attempt++) {
      const last = await kv.get(this.#key);
      const id = crypto.randomUUID();
      const operation = kv.atomic();
      bury(operation);
      if (attempt === MAX_ANNOUNCEMENTS) {
        operation.set(this.#key, [{ id, organization: null, by }]);
      } else {
        const recent = fitting(announcementsShape, last.value) ?? [];
        operation.check(last).set(
          this.#key,
          [...recent, { id, organization, by }].slice(-RECENT_ANNOUNCEMENTS),
        );
      }
      if ((await operation.commit()).ok) return true;
    }
  }

  /**
   * Watches for mappings that other isolates made void, until the signal ends it.
   *
   * @param onVoid Told the organization, or `undefined` where some may have been missed.
   * @param signal Ends the watch.
   * @returns Once the watch has begun, or KV is too slow to wait for it. What is read later cannot miss an announcement.
   */
  watch(
    onVoid: (organization: string | undefined) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve) => {
      let isAwaited = true;
      const begun = () => {
        isAwaited = false;
        resolve();
      };
      AbortSignal.timeout(KV_TIMEOUT_MS).addEventListener("abort", begun);
      let seen: string | undefined;
      let isFirst = true;
      const take = (value: unknown) => {
        const recent = fitting(announcementsShape, value) ?? [];
        const known = recent.findLastIndex(({ id }) => id === seen);
        const isGap = known < 0 &&
          (seen !== undefined || recent.length === RECENT_ANNOUNCEMENTS);
        seen = recent.at(-1)?.id;
        if (isFirst) {
          isFirst = false;
          // What was read while nobody watched may be void.
          if (!isAwaited) onVoid(undefined);
          return begun();
        }
        if (isGap) return onVoid(undefined);
        for (const { organization, by } of recent.slice(known + 1)) {
          if (organization === null) onVoid(undefined);
          else if (by !== this.#isolate) onVoid(organization);
        }
      };
      this.#follow(signal, { take, failed: begun });
    });
  }

  async #follow(
    signal: AbortSignal,
    { take, failed }: {
      readonly take: (value: unknown) => void;
      readonly failed: () => void;
    },
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        const watched = this.#options.kv.watch([this.#key]);
        const reader = watched.getReader();
        const cancel = () => void reader.cancel().catch(() => {});
        signal.addEventListener("abort", cancel, { once: true });
        try {
          for (;;) {
            const { value, done } = await reader.read();
            if (done) break;
            take(value[0]?.value);
          }
        } finally {
          signal.removeEventListener("abort", cancel);
        }
      } catch (error) {
        if (!signal.aborted) this.#options.log(kvTrouble("watch", error));
      }
      failed();
      await pause(WATCH_RETRY_MS, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
