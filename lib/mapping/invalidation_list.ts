/**
 * The list of invalidations that the isolates watch in Deno KV: the latest of
 * each organization, so that a burst of one organization changes one place.
 *
 * @module
 */
import * as z from "zod/mini";

/** How many organizations have a place in the list: with the longest ids, half of what a KV value holds. */
export const MAX_LISTED = 64;

const listSchema = z.object({
  id: z.string(),
  count: z.number(),
  evicted: z.number(),
  latest: z.array(z.object({
    organization: z.string(),
    number: z.number(),
    by: z.string(),
    sequence: z.optional(z.number()),
  })),
});

/** The latest invalidation of an organization. */
export interface Invalidation {
  /** The organization's id. */
  readonly organization: string;
  /** How many invalidations were announced with it, in this list. */
  readonly number: number;
  /** The isolate that announced it. */
  readonly by: string;
  /** The event's, if it has one. */
  readonly sequence?: number | undefined;
}

/** The latest invalidation of each organization. */
export interface InvalidationList {
  /** Tells a list from one that was started again. */
  readonly id: string;
  /** How many invalidations were announced: the number of the last one. */
  readonly count: number;
  /** The number of the last invalidation that was dropped for lack of a place; 0 if there is none. */
  readonly evicted: number;
  /** The latest invalidation of each organization, oldest first. */
  readonly latest: readonly Invalidation[];
}

/** What a key without a list holds. */
export const NO_LIST: InvalidationList = {
  id: "",
  count: 0,
  evicted: 0,
  latest: [],
};

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
  invalidation: Omit<Invalidation, "number">,
): InvalidationList {
  const { organization } = invalidation;
  const number = list.count + 1;
  const others = list.latest.filter((it) => it.organization !== organization);
  const latest = [...others, { ...invalidation, number }];
  const overflow = latest.splice(0, latest.length - MAX_LISTED);
  return {
    id: list.id || crypto.randomUUID(),
    count: number,
    evicted: overflow.at(-1)?.number ?? list.evicted,
    latest,
  };
}

/**
 * Starts a list again.
 *
 * @returns A list that is a gap for every isolate that watches.
 */
export function startAgain(): InvalidationList {
  return { id: crypto.randomUUID(), count: 1, evicted: 1, latest: [] };
}

/** What is new in a list. */
export interface News {
  /** The invalidations that were not seen, oldest first. */
  readonly invalidations: readonly Invalidation[];
  /** Whether others may be missing. */
  readonly hasGap: boolean;
}

/**
 * Compares a list with what an isolate saw of it last.
 *
 * @param list The list.
 * @param seen The list as it was seen.
 * @returns What is new.
 */
export function newSince(
  list: InvalidationList,
  seen: InvalidationList,
): News {
  const isContinued = seen.id === list.id || seen.id === NO_LIST.id;
  return {
    invalidations: list.latest.filter(({ number }) => number > seen.count),
    hasGap: !isContinued || list.evicted > seen.count,
  };
}
