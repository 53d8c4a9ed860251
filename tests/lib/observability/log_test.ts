import assert from "node:assert/strict";
import {
  createLog,
  lineWriter,
  type LogEntry,
} from "../../../lib/observability/log.ts";

const NOW = Date.parse("2026-11-23T21:26:24.004Z");
const line = (entry: LogEntry, time = "2026-11-23T21:26:24.004Z") =>
  JSON.stringify({ time, ...entry });
const info: LogEntry = { level: "info", message: "a", roles: 2 };
const error: LogEntry = { level: "error", message: 'b\n"c"' };

/** Timers that run when they are told to. */
class Timers implements Disposable {
  readonly #real = globalThis.setTimeout;
  #set: { callback: () => void; ms: number }[] = [];

  constructor() {
    globalThis.setTimeout =
      ((callback: () => void, ms: number) =>
        this.#set.push({ callback, ms })) as unknown as typeof setTimeout;
  }

  /** Runs what was set, and gives the times it was set to. */
  run(): number[] {
    const set = this.#set;
    this.#set = [];
    for (const { callback } of set) callback();
    return set.map(({ ms }) => ms);
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#real;
  }
}

/** Makes a log that was given as many lines as it writes at once in a second. */
function createBusyLog(now: () => number) {
  const written: string[] = [];
  const log = createLog((lines) => void written.push(lines), now);
  for (let i = 1; i <= 20; i++) {
    log(info);
    assert.equal(written.length, i);
  }
  written.length = 0;
  return { log, written };
}

Deno.test("createLog() gathers lines for 10 ms when there are many", () => {
  using timers = new Timers();
  const { log, written } = createBusyLog(() => NOW);
  log(info);
  log({ ...info, level: "warn" });
  assert.deepEqual(written, []);
  assert.deepEqual(timers.run(), [10]);
  assert.deepEqual(written, [
    `${line(info)}\n${line({ ...info, level: "warn" })}`,
  ]);
  log(info);
  timers.run();
  assert.equal(written.at(-1), line(info));
});

Deno.test("createLog() writes at once again in the next second", () => {
  let now = NOW;
  const { log, written } = createBusyLog(() => now);
  now = Date.parse("2026-11-23T21:26:25.000Z");
  log(info);
  assert.deepEqual(written, [line(info, "2026-11-23T21:26:25.000Z")]);
});

Deno.test("createLog() writes an error at once, after what came before it", () => {
  using timers = new Timers();
  const { log, written } = createBusyLog(() => NOW);
  log(info);
  log(error);
  assert.deepEqual(written, [`${line(info)}\n${line(error)}`]);
  timers.run();
  assert.equal(written.length, 1);
});

Deno.test("createLog() writes one JSON document a line", () => {
  const written: string[] = [];
  createLog((lines) => void written.push(lines), () => NOW)({
    ...error,
    missing: undefined,
  });
  assert.deepEqual(JSON.parse(written[0]!), {
    time: "2026-11-23T21:26:24.004Z",
    ...error,
  });
  assert.ok(!written[0]!.includes("\n"));
});

Deno.test("createLog() tells the time of each line", () => {
  const written: string[] = [];
  let now = NOW;
  const log = createLog((lines) => void written.push(lines), () => now);
  log(error);
  now += 1_996;
  log(error);
  assert.deepEqual(written, [
    line(error),
    line(error, "2026-11-23T21:26:26.000Z"),
  ]);
});

/** A file whose reader takes so many bytes at a time, when it is told to. */
function slowReader(most: number) {
  const decoder = new TextDecoder();
  let take = () => {};
  const state = { text: "" };
  return {
    state,
    take: async () => {
      take();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    },
    write: async (bytes: Uint8Array) => {
      await new Promise<void>((resolve) => take = resolve);
      const part = bytes.subarray(0, most);
      state.text += decoder.decode(part, { stream: true });
      return part.length;
    },
  };
}

Deno.test("lineWriter() writes all of the lines, in order, when a write takes a part", async () => {
  const reader = slowReader(6);
  const write = lineWriter(reader);
  write("é one");
  write("two");
  for (let i = 0; i < 3; i++) await reader.take();
  assert.equal(reader.state.text, "é one\ntwo\n");
});

Deno.test("lineWriter() drops what does not fit, and says so, when the reader stands still", async () => {
  const reader = slowReader(Infinity);
  const write = lineWriter(reader);
  const large = "x".repeat(600_000);
  write("first");
  write(large);
  write(`${large}\n${large}`);
  write(large);
  write("last");
  for (let i = 0; i < 5; i++) await reader.take();
  const lines = reader.state.text.split("\n");
  assert.deepEqual(lines.map((line) => line.slice(0, 5)), [
    "first",
    "xxxxx",
    "last",
    '{"lev',
    "",
  ]);
  const { level, dropped } = JSON.parse(lines[3]!);
  assert.deepEqual([level, dropped], ["warn", 3]);
});

Deno.test("lineWriter() restarts its count of dropped lines after reporting it", async () => {
  const reader = slowReader(Infinity);
  const write = lineWriter(reader);
  const large = "x".repeat(600_000);
  for (let time = 0; time < 2; time++) {
    write("first");
    write(large);
    write(large);
    for (let i = 0; i < 4; i++) await reader.take();
  }
  const counts = reader.state.text.split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line).dropped);
  assert.deepEqual(counts, [1, 1]);
});

Deno.test("lineWriter() goes on when the reader is gone", async () => {
  const written: string[] = [];
  const write = lineWriter({
    write(bytes) {
      written.push(new TextDecoder().decode(bytes));
      return Promise.reject(new Deno.errors.BrokenPipe("canary"));
    },
  });
  write("one");
  write("lost with it");
  await Promise.resolve();
  await Promise.resolve();
  write("two");
  assert.deepEqual(written, ["one\n", "two\n"]);
});
