/** Lets what waits run, other calls and answers that have come: settles in a later turn of the event loop. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
