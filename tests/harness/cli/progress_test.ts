import assert from "node:assert/strict";
import { createProgress } from "../../../harness/cli/progress.ts";

/** Shows texts as a command does; `second` passes the second after which they show. */
function create({ isTerminal = true } = {}) {
  const written: string[] = [];
  const timers = new Map<() => void, number>();
  const progress = createProgress({
    isTerminal,
    write: (text: string) => void written.push(text),
    after(ms: number, callback: () => void) {
      timers.set(callback, ms);
      return () => void timers.delete(callback);
    },
  });
  const second = () => {
    assert.deepEqual([...timers.values()], [1_000]);
    for (const callback of timers.keys()) callback();
  };
  return { progress, written, timers, second };
}

Deno.test("createProgress() shows the latest text after a second, escaped", () => {
  const { progress, written, second } = create();
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

Deno.test("createProgress() shows nothing of what ends within a second", () => {
  const { progress, written, timers } = create();
  progress("reading targets");
  progress();
  assert.equal(timers.size, 0);
  assert.deepEqual(written, []);
});

Deno.test("createProgress() shows nothing without a terminal", () => {
  const { progress, timers } = create({ isTerminal: false });
  progress("reading targets");
  assert.equal(timers.size, 0);
});
