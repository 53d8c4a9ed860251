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
    assert.equal(clock.timers, 1);
    clock.advance(59_999);
    assert.equal(lines.length, 10);
    clock.advance(1);
    assert.deepEqual(
      lines.slice(10),
      omitted === 0 ? [] : [{ ...entry("more"), omitted }],
    );
    assert.equal(clock.timers, 0);
  }
});

Deno.test("createLogLimiter() writes again once the minute is over", () => {
  const { clock, lines, limited } = createLimited();
  for (let i = 0; i < 50; i++) limited("a", entry("first"));
  clock.advance(59_999);
  limited("a", entry("too early"));
  clock.advance(1);
  assert.equal(lines.length, 11);
  limited("a", entry("second"));
  assert.deepEqual(lines.at(-1), entry("second"));
});

Deno.test("createLogLimiter() counts each kind by itself", () => {
  const { lines, limited } = createLimited();
  for (let i = 0; i < 50; i++) limited("a", entry("a"));
  limited("b", entry("b"));
  assert.deepEqual(lines.at(-1), entry("b"));
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
