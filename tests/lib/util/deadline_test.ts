import assert from "node:assert/strict";
import { Deadline } from "../../../lib/util/deadline.ts";

Deno.test("Deadline starts its timer at the first wait, once", () => {
  const controller = new AbortController();
  let started = 0;
  const deadline = new Deadline(() => {
    started++;
    return controller.signal;
  });
  assert.equal(deadline.isOver, false);
  assert.equal(started, 0);
  assert.equal(deadline.signal, controller.signal);
  assert.equal(deadline.signal, controller.signal);
  assert.equal(started, 1);
});

Deno.test("Deadline is over once its signal is aborted", () => {
  const controller = new AbortController();
  const deadline = new Deadline(() => controller.signal);
  assert.equal(deadline.signal.aborted, false);
  controller.abort();
  assert.equal(deadline.isOver, true);
});
