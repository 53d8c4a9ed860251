import assert from "node:assert/strict";
import type { LogEntry } from "../../../lib/observability/log.ts";
import {
  createLogLimiter,
  createTenantLog,
} from "../../../lib/observability/log_limiter.ts";
import { Clock } from "../_clock.ts";

function createLimited() {
  const clock = new Clock();
  const lines: LogEntry[] = [];
  const log = (entry: LogEntry) => void lines.push(entry);
  const { timeout } = clock;
  return { clock, lines, limited: createLogLimiter({ log, timeout }) };
}

const entry = (message: string): LogEntry => ({ level: "warn", message });

Deno.test("createLogLimiter() writes ten lines of a kind a minute, then a count of the rest", () => {
  for (const omitted of [0, 1, 500]) {
    const { clock, lines, limited } = createLimited();
    for (let i = 0; i < 10; i++) limited("a", entry(`line ${i}`));
    assert.equal(lines.length, 10);
    for (let i = 0; i < omitted; i++) limited("a", entry("more"));
    limited("b", entry("of another kind"));
    assert.deepEqual(lines.slice(10), [entry("of another kind")]);
    clock.advance(59_999);
    assert.equal(lines.length, 11);
    clock.advance(1);
    const count = omitted === 0 ? [] : [{ ...entry("more"), omitted }];
    assert.deepEqual(lines.slice(11), count);
    assert.equal(clock.timers, 0);
    limited("a", entry("of the next minute"));
    assert.deepEqual(lines.at(-1), entry("of the next minute"));
  }
});

Deno.test("createTenantLog() writes one line a minute for each organization", () => {
  let now = 0;
  const times: number[] = [];
  const logOfTenant = createTenantLog({
    log: () => void times.push(now),
    now: () => now,
  });
  const entry = { level: "warn", message: "a" } as const;
  for (now of [0, 1, 59_999, 60_000, 60_001]) logOfTenant("1", entry);
  logOfTenant("2", entry);
  assert.deepEqual(times, [0, 60_000, 60_001]);
});
