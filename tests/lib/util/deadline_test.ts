import assert from "node:assert/strict";
import { Deadline } from "../../../lib/util/deadline.ts";

Deno.test("Deadline starts its timer at the first wait, once", () => {
  const controller = new AbortController();
  let started = 0;
  const deadline = new Deadline(() => {
    started++;
    return controller.signal;
  });
  assert.equal(started, 0);
  assert.equal(deadline.signal, controller.signal);
  assert.equal(deadline.signal, controller.signal);
  assert.equal(started, 1);
});
