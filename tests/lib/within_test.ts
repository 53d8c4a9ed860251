import assert from "node:assert/strict";
import { within } from "../../lib/within.ts";

Deno.test("within() gives what the promise gives when it comes in time", async () => {
  const { signal } = new AbortController();
  assert.equal(await within(signal, Promise.resolve(1)), 1);
  await assert.rejects(
    within(signal, Promise.reject(new RangeError("late"))),
    RangeError,
  );
});

Deno.test("within() waits no longer when the signal is aborted", async () => {
  const controller = new AbortController();
  const waiting = within(controller.signal, new Promise(() => {}));
  controller.abort(new DOMException("over", "TimeoutError"));
  await assert.rejects(waiting, { name: "TimeoutError" });
});

Deno.test("within() does not wait when the signal was aborted before", async () => {
  const signal = AbortSignal.abort(new DOMException("over", "TimeoutError"));
  await assert.rejects(within(signal, new Promise(() => {})), {
    name: "TimeoutError",
  });
});
