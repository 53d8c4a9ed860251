import assert from "node:assert/strict";
import { createLog, type LogEntry } from "../../lib/log.ts";

const NOW = Date.parse("2026-11-23T21:26:24.004Z");
const line = (entry: LogEntry, time = "2026-11-23T21:26:24.004Z") =>
  JSON.stringify({ time, ...entry });
const info: LogEntry = { level: "info", message: "a", roles: 2 };
const error: LogEntry = { level: "error", message: 'b\n"c"' };

/** Lets everything happen that this turn of the event loop has begun. */
const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("createLog() writes the lines of one turn together", async () => {
  const written: string[] = [];
  const log = createLog((lines) => void written.push(lines), () => NOW);
  log(info);
  log({ ...info, level: "warn" });
  assert.deepEqual(written, []);
  await nextTurn();
  assert.deepEqual(written, [
    `${line(info)}\n${line({ ...info, level: "warn" })}`,
  ]);
  log(info);
  await nextTurn();
  assert.deepEqual(written.slice(1), [line(info)]);
});

Deno.test("createLog() writes an error at once, after what came before it", async () => {
  const written: string[] = [];
  const log = createLog((lines) => void written.push(lines), () => NOW);
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
