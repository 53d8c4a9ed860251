import assert from "node:assert/strict";
import { Interrupted } from "../../../harness/cli/errors.ts";
import { onInterrupt } from "../../../harness/cli/interrupt.ts";
import { replaced } from "./_replaced.ts";

Deno.test("onInterrupt() aborts at the first signal, and ends the process at a second one after more than a second", () => {
  const listeners: (() => void)[] = [];
  const exits: unknown[] = [];
  let time = 5_000;
  using _now = replaced(performance, { now: () => time });
  using _deno = replaced(Deno, {
    addSignalListener: (_: string, it: () => void) => void listeners.push(it),
    exit: (code: number) => void exits.push(code),
  });
  const signal = onInterrupt();
  assert.equal(signal.aborted, false);
  const [interrupt, terminate] = listeners;
  interrupt!();
  assert.ok(signal.reason instanceof Interrupted);
  // `deno task` forwards what the terminal has sent already.
  time += 1_000;
  interrupt!();
  assert.deepEqual(exits, []);
  time += 1;
  terminate!();
  assert.deepEqual(exits, [130]);
});
