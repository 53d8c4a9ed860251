import assert from "node:assert/strict";
import { createProgress } from "../../../harness/cli/progress.ts";
import { replaced } from "./_replaced.ts";

/** Shows texts as a command does; `second` passes the second after which they show. */
function create(isTerminal = true) {
  const written: string[] = [];
  const timers = new Map<number, () => void>();
  const replacement = replaced(globalThis, {
    setTimeout(callback: () => void, ms: number) {
      assert.equal(ms, 1_000);
      timers.set(timers.size, callback);
      return timers.size - 1;
    },
    clearTimeout: (id: number) => void timers.delete(id),
  });
  const progress = createProgress(isTerminal, (it) => void written.push(it));
  const second = () => timers.forEach((callback) => callback());
  return { progress, written, timers, second, ...replacement };
}

Deno.test("createProgress() shows the latest text after a second, escaped", () => {
  using shown = create();
  const { progress, written, second } = shown;
  progress("reading targets");
  progress("reading \x1b[2J");
  assert.deepEqual(written, []);
  second();
  progress("reading logins");
  progress();
  assert.deepEqual(written, [
    "\r\x1b[Kreading \\u{1b}[2J",
    "\r\x1b[Kreading logins",
    "\r\x1b[K",
  ]);
});

Deno.test("createProgress() shows nothing of what ends within a second, or without a terminal", () => {
  for (const isTerminal of [true, false]) {
    using shown = create(isTerminal);
    const { progress, written, timers } = shown;
    progress("reading targets");
    assert.equal(timers.size, isTerminal ? 1 : 0);
    progress();
    assert.equal(timers.size, 0);
    assert.deepEqual(written, []);
  }
});
