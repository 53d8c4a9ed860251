import assert from "node:assert/strict";
import { createProgress } from "../../../harness/cli/progress.ts";

function createPlatform({ isTerminal = true } = {}) {
  const written: string[] = [];
  const timers = new Map<() => void, number>();
  return {
    written,
    timers,
    platform: {
      isTerminal,
      write: (text: string) => void written.push(text),
      after(ms: number, callback: () => void) {
        timers.set(callback, ms);
        return () => void timers.delete(callback);
      },
    },
  };
}

Deno.test("createProgress() shows the latest text after a second", () => {
  const { platform, written, timers } = createPlatform();
  const progress = createProgress(platform);
  progress("reading targets");
  progress("reading metadata");
  assert.deepEqual(written, []);
  assert.deepEqual([...timers.values()], [1_000]);
  for (const callback of timers.keys()) callback();
  progress("reading logins");
  progress();
  assert.deepEqual(written, [
    "\r\x1b[Kreading metadata",
    "\r\x1b[Kreading logins",
    "\r\x1b[K",
  ]);
});

Deno.test("createProgress() shows nothing of what ends within a second", () => {
  const { platform, written, timers } = createPlatform();
  const progress = createProgress(platform);
  progress("reading targets");
  progress();
  assert.equal(timers.size, 0);
  assert.deepEqual(written, []);
});

Deno.test("createProgress() shows nothing without a terminal", () => {
  const { platform, written, timers } = createPlatform({ isTerminal: false });
  createProgress(platform)("reading targets");
  assert.equal(timers.size, 0);
  assert.deepEqual(written, []);
});

Deno.test("createProgress() escapes control characters", () => {
  const { platform, written, timers } = createPlatform();
  createProgress(platform)("reading \x1b[2J");
  for (const callback of timers.keys()) callback();
  assert.deepEqual(written, ["\r\x1b[Kreading \\u{1b}[2J"]);
});
