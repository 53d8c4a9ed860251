/** The state of a cached mapping: served as it is; served while it is revalidated; not served. */
export type Freshness = "fresh" | "stale" | "expired";

/** How long a mapping stays in each state. */
export interface FreshnessOptions {
  /** How long a mapping is served as it is, in milliseconds. */
  readonly freshMs: number;
  /** How long after that it is served while it is revalidated, in milliseconds. */
  readonly staleMs: number;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Tells how old a mapping is.
 *
 * @param readAt When its reading began, in milliseconds since 1970: what changed later is not in it.
 * @param options How long it stays in each state.
 * @returns Its state. A timestamp in the future means that a clock was wrong, here or elsewhere.
 */
export function freshnessOf(
  readAt: number,
  { freshMs, staleMs, now }: FreshnessOptions,
): Freshness {
  const age = now() - readAt;
  if (age < 0 || age >= freshMs + staleMs) return "expired";
  return age < freshMs ? "fresh" : "stale";
}
