import assert from "node:assert/strict";
import { Semaphore } from "../../../lib/util/semaphore.ts";

const { signal } = new AbortController();
const isLate = { name: "TimeoutError" };

Deno.test("acquire() runs as many callers at once as there are permits, and the others in their order", async () => {
  const semaphore = new Semaphore(2);
  const started: number[] = [];
  const permits = [0, 1, 2, 3].map(async (i) => {
    // With a signal and without.
    const permit = await semaphore.acquire(i % 2 ? signal : undefined);
    started.push(i);
    return permit;
  });
  const [first, second] = [await permits[0]!, await permits[1]!];
  assert.deepEqual(started, [0, 1]);
  first[Symbol.dispose]();
  await permits[2];
  assert.deepEqual(started, [0, 1, 2]);
  second[Symbol.dispose]();
  await permits[3];
  assert.deepEqual(started, [0, 1, 2, 3]);
});

Deno.test("acquire() skips callers that gave up, and gives out no extra permit when one is disposed of twice", async () => {
  const semaphore = new Semaphore(1);
  const permit = await semaphore.acquire(signal);
  const impatient = new AbortController();
  const gaveUp = semaphore.acquire(impatient.signal);
  const patient = semaphore.acquire(signal);
  impatient.abort(new DOMException("late", "TimeoutError"));
  await assert.rejects(gaveUp, isLate);
  await assert.rejects(semaphore.acquire(impatient.signal), isLate);
  permit[Symbol.dispose]();
  permit[Symbol.dispose]();
  const next = await patient;
  await assert.rejects(semaphore.acquire(impatient.signal), isLate);
  next[Symbol.dispose]();
  await semaphore.acquire(signal);
});
