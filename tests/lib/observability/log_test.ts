import assert from "node:assert/strict";
import {
  createLog,
  lineWriter,
  type LogEntry,
} from "../../../lib/observability/log.ts";

const TIME = "2026-11-23T21:26:24.004Z";
const line = (entry: LogEntry, time = TIME) =>
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
        this.#set.push({ callback, ms })) as never;
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

/** A log, its clock, and what it wrote. */
function setUp() {
  const written: string[] = [];
  const clock = { now: Date.parse(TIME) };
  const log = createLog((lines) => void written.push(lines), () => clock.now);
  return { log, clock, written };
}

/** A log that was given as many lines as it writes at once in a second. */
function setUpBusy() {
  const world = setUp();
  for (let i = 1; i <= 20; i++) {
    world.log(info);
    assert.equal(world.written.length, i);
  }
  world.written.length = 0;
  return world;
}

Deno.test("createLog() gathers lines for 10 ms when there are many", () => {
  using timers = new Timers();
  const { log, written } = setUpBusy();
  const warn: LogEntry = { ...info, level: "warn" };
  log(info);
  log(warn);
  assert.deepEqual(written, []);
  assert.deepEqual(timers.run(), [10]);
  assert.deepEqual(written, [`${line(info)}\n${line(warn)}`]);
  log(info);
  timers.run();
  assert.equal(written.at(-1), line(info));
});

Deno.test("createLog() writes at once again in the next second", () => {
  const { log, clock, written } = setUpBusy();
  clock.now = Date.parse("2026-11-23T21:26:25.000Z");
  log(info);
  assert.deepEqual(written, [line(info, "2026-11-23T21:26:25.000Z")]);
});

Deno.test("createLog() writes an error at once, after what came before it", () => {
  using timers = new Timers();
  const { log, written } = setUpBusy();
  log(info);
  log(error);
  assert.deepEqual(written, [`${line(info)}\n${line(error)}`]);
  timers.run();
  assert.equal(written.length, 1);
});

Deno.test("createLog() writes one JSON document a line, each with its time", () => {
  const { log, clock, written } = setUp();
  log({ ...error, missing: undefined });
  clock.now += 1_996;
  log(error);
  const later = "2026-11-23T21:26:26.000Z";
  assert.deepEqual(written, [line(error), line(error, later)]);
  assert.ok(!written.join("").includes("\n"));
});

/** A file whose reader takes so many bytes at a time, when it is told to, and a writer of lines to it. */
function setUpReader(most = Infinity) {
  const decoder = new TextDecoder();
  let takeNext = () => {};
  let text = "";
  const write = lineWriter({
    write: async (bytes) => {
      await new Promise<void>((resolve) => takeNext = resolve);
      const part = bytes.subarray(0, most);
      text += decoder.decode(part, { stream: true });
      return part.length;
    },
  });
  const take = async (times: number) => {
    for (let time = 0; time < times; time++) {
      takeNext();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
    return text;
  };
  return { write, take };
}

const LARGE = "x".repeat(300_000);

Deno.test("lineWriter() writes all of the lines, in order, when a write takes a part", async () => {
  const { write, take } = setUpReader(6);
  write("é one");
  write("two");
  assert.equal(await take(3), "é one\ntwo\n");
});

Deno.test("lineWriter() drops what does not fit, and says so, when the reader stands still", async () => {
  const { write, take } = setUpReader();
  for (const lines of ["first", LARGE, `${LARGE}\n${LARGE}`, LARGE, "last"]) {
    write(lines);
  }
  const lines = (await take(5)).split("\n");
  const starts = lines.map((line) => line.slice(0, 5));
  assert.deepEqual(starts, ["first", "xxxxx", "last", '{"lev', ""]);
  const { level, dropped } = JSON.parse(lines[3]!);
  assert.deepEqual([level, dropped], ["warn", 3]);
});

Deno.test("lineWriter() restarts its count of dropped lines after reporting it", async () => {
  const { write, take } = setUpReader();
  for (let time = 0; time < 2; time++) {
    for (const lines of ["first", LARGE, LARGE]) write(lines);
    await take(4);
  }
  const counts = (await take(0)).split("\n")
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
