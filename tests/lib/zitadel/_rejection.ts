/** Lets what runs in the background finish: some turns of the event loop. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Returns what a promise is rejected with in some turns of the event loop; `undefined` if it still waits. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let found: unknown;
  promise.catch((error) => found = error);
  await settled();
  return found;
}
