/**
 * The list of invalidations that the isolates watch in Deno KV: the latest of
 * each organization, so that a burst of one organization changes one place.
 *
 * @module
 */
import { z } from "zod/mini";

/** How many organizations have a place in the list: with the longest ids, half of what a KV value holds. */
export const MAX_LISTED = 64;

const invalidationSchema = z.object({
  organization: z.string(),
  /** Its number in the list. */
  at: z.number(),
  /** The isolate that announced it. */
  by: z.string(),
  /** The event's, if it has one. */
  sequence: z.optional(z.number()),
});

const listSchema = z.object({
  /** Tells a list from one that was started again. */
  id: z.string(),
  /** How many invalidations were announced. */
  count: z.number(),
  /** The highest number that has no place in the list any more. */
  evicted: z.number(),
  /** The latest invalidation of each organization, oldest first. */
  latest: z.array(invalidationSchema),
});

/** The latest invalidation of an organization. */
export type Invalidation = z.infer<typeof invalidationSchema>;

/** The latest invalidation of each organization. */
export type InvalidationList = z.infer<typeof listSchema>;

/** What a key without a list holds. */
const NO_LIST: InvalidationList = { id: "", count: 0, evicted: 0, latest: [] };

/**
 * Reads a list from KV.
 *
 * @param value The stored value.
 * @returns The list; an empty one if the value is of any other shape.
 */
export function parseList(value: unknown): InvalidationList {
  return listSchema.safeParse(value).data ?? NO_LIST;
}

/**
 * Adds an invalidation in the place of the organization's last one.
 *
 * @param list The list.
 * @param invalidation The invalidation.
 * @returns The new list.
 */
export function appendTo(
  list: InvalidationList,
  invalidation: Omit<Invalidation, "at">,
): InvalidationList {
  const { organization } = invalidation;
  const at = list.count + 1;
  const others = list.latest.filter((it) => it.organization !== organization);
  const latest = [...others, { ...invalidation, at }];
  const overflow = latest.splice(0, latest.length - MAX_LISTED);
  return {
    id: list.id || crypto.randomUUID(),
    count: at,
    evicted: overflow.at(-1)?.at ?? list.evicted,
    latest,
  };
}

/**
 * Starts a list again.
 *
 * @returns A list that has a gap for everyone.
 */
export function startAgain(): InvalidationList {
  return { id: crypto.randomUUID(), count: 1, evicted: 1, latest: [] };
}

/**
 * Compares a list with what an isolate saw of it last.
 *
 * @param list The list.
 * @param seen The list as it was seen.
 * @returns What is new, and whether anything may be missing.
 */
export function newSince(
  list: InvalidationList,
  seen: InvalidationList,
): {
  readonly invalidations: readonly Invalidation[];
  readonly hasGap: boolean;
} {
  const isContinued = seen.id === list.id || seen.id === NO_LIST.id;
  const since = isContinued ? seen.count : 0;
  return {
    invalidations: list.latest.filter(({ at }) => at > since),
    hasGap: !isContinued || list.evicted > since,
  };
}
