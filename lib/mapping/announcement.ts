/**
 * The one value by which isolates tell each other whose mapping changed. A watch
 * shows only the latest value, so announcements are counted: who missed one
 * knows that, though not of whom it was.
 *
 * @module
 */
import * as z from "zod/mini";
import { LruMap } from "../util/lru_map.ts";

const announcementSchema = z.object({
  organization: z.string(),
  from: z.int(),
  count: z.int(),
});

/** The announcements `from` to `count` are all of this organization. */
export type Announcement = z.infer<typeof announcementSchema>;

/** More than other isolates can announce during one commit. */
const JUMP = 1_000_000;

/** More versions than a watch lags behind. */
const MAX_VERSIONS = 100;

/** Whose mappings may have changed. */
export type Changed = "all" | "none" | { readonly organization: string };

/**
 * Returns the announcement that follows the last one. Without one, the count
 * begins at the time, so that it does not continue that of a lost database.
 *
 * @param isGap Whether every isolate must take it for a gap, whatever others announce meanwhile.
 */
export function announcementAfter(
  last: unknown,
  organization: string,
  now: number,
  isGap = false,
): Announcement {
  const known = parse(last);
  const count = (known ? known.count + 1 : now) + (isGap ? JUMP : 0);
  const continues = !isGap && known?.organization === organization;
  return { organization, from: continues ? known.from : count, count };
}

/** What one isolate has seen of the announcements. */
export class AnnouncementTracker {
  #seen: number | undefined;
  readonly #versions = new LruMap<true>(MAX_VERSIONS);

  /** Compares the value with what was seen before. */
  observe(
    { value, versionstamp }: {
      readonly value: unknown;
      readonly versionstamp: string | null;
    },
  ): Changed {
    if (versionstamp) {
      if (this.#versions.get(versionstamp)) return "none";
      this.#versions.set(versionstamp, true);
    }
    const seen = this.#seen;
    const announcement = parse(value);
    this.#seen = announcement?.count;
    if (!announcement || seen === undefined) return "all";
    const { organization, from, count } = announcement;
    return seen >= from - 1 && seen < count ? { organization } : "all";
  }

  /** Takes note of an announcement of this isolate's own, made over the one it observed last. */
  commit(versionstamp: string, { count }: Announcement): void {
    this.#versions.set(versionstamp, true);
    // Unless a later one was observed before KV confirmed this one.
    if ((this.#seen ?? count - 1) === count - 1) this.#seen = count;
  }

  /** From now on announcements may be missed: a gap, unless there was one already. */
  lose(): Changed {
    const hadSeen = this.#seen !== undefined;
    this.#seen = undefined;
    return hadSeen ? "all" : "none";
  }
}

function parse(value: unknown): Announcement | undefined {
  return announcementSchema.safeParse(value).data;
}
