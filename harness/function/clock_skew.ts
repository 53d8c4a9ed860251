/**
 * Works out how far the clock behind an answer is ahead of this machine's.
 *
 * @param date The answer's Date header, which counts whole seconds.
 * @param now The time here when it was made, in milliseconds since 1970.
 * @returns Seconds, or `undefined` where there is no such header.
 */
export function skewOf(date: string | null, now: number): number | undefined {
  const time = Date.parse(date ?? "");
  return Number.isNaN(time) ? undefined : (time - now) / 1000;
}
