import assert from "node:assert/strict";
import { abortable } from "../../../lib/util/abortable.ts";
import { countListeners } from "./_listeners.ts";

Deno.test("abortable() settles as the promise does when the signal is not aborted", async () => {
  const { signal } = new AbortController();
  assert.equal(await abortable(Promise.resolve(1), signal), 1);
  await assert.rejects(
    abortable(Promise.reject(new RangeError("late")), signal),
    RangeError,
  );
});

Deno.test("abortable() rejects with the signal's reason when it is aborted first", async () => {
  const controller = new AbortController();
  const waiting = abortable(new Promise(() => {}), controller.signal);
  controller.abort(new DOMException("over", "TimeoutError"));
  await assert.rejects(waiting, { name: "TimeoutError" });
});

Deno.test("abortable() does not wait when the signal was aborted before", async () => {
  const signal = AbortSignal.abort(new DOMException("over", "TimeoutError"));
  await assert.rejects(abortable(new Promise(() => {}), signal), {
    name: "TimeoutError",
  });
});

Deno.test("abortable() leaves no listener on a signal that lives longer", async () => {
  const { signal, count } = countListeners(new AbortController());
  const waiting = abortable(Promise.resolve(), signal);
  assert.equal(count(), 1);
  await waiting;
  await abortable(Promise.reject(new RangeError()), signal).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(count(), 0);
});
