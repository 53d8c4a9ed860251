import assert from "node:assert/strict";
import { Turnstile } from "../../lib/turnstile.ts";

const { signal } = new AbortController();

Deno.test("Turnstile lets so many pass at once, and the others in their order", async () => {
  const turnstile = new Turnstile(2);
  const passed: number[] = [];
  const all = [0, 1, 2, 3].map((i) =>
    turnstile.enter(signal).then(() => passed.push(i))
  );
  await Promise.all(all.slice(0, 2));
  assert.deepEqual(passed, [0, 1]);
  turnstile.leave();
  await all[2];
  assert.deepEqual(passed, [0, 1, 2]);
  turnstile.leave();
  await all[3];
  assert.deepEqual(passed, [0, 1, 2, 3]);
});

Deno.test("Turnstile passes over those who gave up, and keeps their turn for others", async () => {
  const turnstile = new Turnstile(1);
  await turnstile.enter(signal);
  const impatient = new AbortController();
  const gaveUp = turnstile.enter(impatient.signal);
  const patient = turnstile.enter(signal);
  impatient.abort(new DOMException("late", "TimeoutError"));
  await assert.rejects(gaveUp, { name: "TimeoutError" });
  await assert.rejects(turnstile.enter(impatient.signal), {
    name: "TimeoutError",
  });
  turnstile.leave();
  await patient;
  turnstile.leave();
  await turnstile.enter(signal);
});
