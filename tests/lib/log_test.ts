import assert from "node:assert/strict";
import { createLog, type LogEntry } from "../../lib/log.ts";

const NOW = Date.parse("2026-11-23T21:26:24.004Z");
const line = (entry: LogEntry, time = "2026-11-23T21:26:24.004Z") =>
  JSON.stringify({ time, ...entry });
const info: LogEntry = { level: "info", message: "a", roles: 2 };
const error: LogEntry = { level: "error", message: 'b\n"c"' };

/** Lets everything happen that this turn of the event loop has begun. */
const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));

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

Deno.test("createLog() writes the lines of one turn together when there are many", async () => {
  const { log, written } = createBusyLog(() => NOW);
  log(info);
  log({ ...info, level: "warn" });
  assert.deepEqual(written, []);
  await nextTurn();
  assert.deepEqual(written, [
    `${line(info)}\n${line({ ...info, level: "warn" })}`,
  ]);
});

Deno.test("createLog() writes at once again in the next second", () => {
  let now = NOW;
  const { log, written } = createBusyLog(() => now);
  now = Date.parse("2026-11-23T21:26:25.000Z");
  log(info);
  assert.deepEqual(written, [line(info, "2026-11-23T21:26:25.000Z")]);
});

Deno.test("createLog() writes an error at once, after what came before it", async () => {
  const { log, written } = createBusyLog(() => NOW);
  log(info);
  log(error);
  assert.deepEqual(written, [`${line(info)}\n${line(error)}`]);
  await nextTurn();
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
