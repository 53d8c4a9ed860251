/**
 * Returns how far a response's clock is ahead of this machine's, in seconds.
 */
export function skewOf(date: string | null, now: number): number | undefined {
  const time = Date.parse(date ?? "");
  return Number.isNaN(time) ? undefined : (time - now) / 1000;
}
