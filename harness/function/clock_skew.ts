/** Works out how far the clock behind an answer is ahead of this machine's. */
export function skewOf(date: string | null, now: number): number | undefined {
  const time = Date.parse(date ?? "");
  return Number.isNaN(time) ? undefined : (time - now) / 1000;
}
