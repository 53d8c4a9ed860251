import assert from "node:assert/strict";
import type { LogEntry } from "../../../lib/observability/log.ts";
import {
  createLogLimiter,
  MAX_LINES,
  WINDOW_MS,
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

Deno.test("createLogLimiter() writes ten lines of a kind a minute, then a count", () => {
  const { clock, lines, limited } = createLimited();
  for (let i = 0; i < MAX_LINES; i++) limited("a", entry(`line ${i}`));
  assert.equal(lines.length, MAX_LINES);
  for (let i = 0; i < 500; i++) limited("a", entry("more"));
  clock.advance(WINDOW_MS - 1);
  assert.equal(lines.length, MAX_LINES);
  clock.advance(1);
  assert.equal(lines.length, MAX_LINES + 1);
  assert.deepEqual(lines.at(-1), { ...entry("more"), omitted: 500 });
});

Deno.test("createLogLimiter() writes again once the minute is over", () => {
  const { clock, lines, limited } = createLimited();
  for (let i = 0; i < 50; i++) limited("a", entry("first"));
  clock.advance(59_999);
  limited("a", entry("too early"));
  clock.advance(1);
  assert.equal(lines.length, MAX_LINES + 1);
  limited("a", entry("second"));
  assert.deepEqual(lines.at(-1), entry("second"));
});

Deno.test("createLogLimiter() counts a single line that it left out", () => {
  const { clock, lines, limited } = createLimited();
  for (let i = 0; i <= MAX_LINES; i++) limited("a", entry("a"));
  clock.advance(WINDOW_MS);
  assert.deepEqual(lines.at(-1), { ...entry("a"), omitted: 1 });
});

Deno.test("createLogLimiter() counts each kind by itself", () => {
  const { lines, limited } = createLimited();
  for (let i = 0; i < 50; i++) limited("a", entry("a"));
  limited("b", entry("b"));
  assert.deepEqual(lines.at(-1), entry("b"));
});

Deno.test("createLogLimiter() writes no count and keeps no timer when nothing was omitted", () => {
  const { clock, lines, limited } = createLimited();
  for (let i = 0; i < MAX_LINES; i++) limited("a", entry("a"));
  assert.equal(clock.timers, 1);
  clock.advance(WINDOW_MS);
  assert.equal(lines.length, MAX_LINES);
  assert.equal(clock.timers, 0);
});
