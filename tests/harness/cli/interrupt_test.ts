import assert from "node:assert/strict";
import { Interrupted } from "../../../harness/cli/errors.ts";
import { onInterrupt } from "../../../harness/cli/interrupt.ts";

/** Signals and a clock that the test moves. */
function createPlatform() {
  const listeners = new Set<() => void>();
  const exits: number[] = [];
  let time = 5_000;
  return {
    exits,
    listeners,
    interruptAt(ms: number) {
      time = 5_000 + ms;
      for (const listener of listeners) listener();
    },
    platform: {
      listen(listener: () => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      now: () => time,
      exit: (code: number) => void exits.push(code),
    },
  };
}

Deno.test("onInterrupt() aborts at the first signal, and takes the one that deno task forwards for the same", () => {
  const { platform, interruptAt, exits } = createPlatform();
  using interrupt = onInterrupt(platform);
  assert.equal(interrupt.signal.aborted, false);
  interruptAt(0);
  assert.ok(interrupt.signal.reason instanceof Interrupted);
  interruptAt(20);
  interruptAt(1_000);
  assert.deepEqual(exits, []);
});

Deno.test("onInterrupt() ends the process at a second signal after more than a second", () => {
  const { platform, interruptAt, exits } = createPlatform();
  using _ = onInterrupt(platform);
  interruptAt(0);
  interruptAt(1_001);
  assert.deepEqual(exits, [130]);
});

Deno.test("onInterrupt() removes its listener when disposed of", () => {
  const { platform, listeners } = createPlatform();
  onInterrupt(platform)[Symbol.dispose]();
  assert.equal(listeners.size, 0);
});
