/**
 * `deno task soak`: load, abuse and outages, and whether all is as before.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { runTask, UsageError } from "../harness/cli/task.ts";
import { progress, tint } from "../harness/cli/terminal.ts";
import { soak, type SoakPhase } from "../harness/soak/soak.ts";

const HELP =
  `Put a running function under load, abuse and outages over loopback, and see
whether memory, sockets and latency are afterwards what they were.

Usage: deno task soak [OPTIONS]

  --minutes N   how long, about (2)
  --json        one JSON document on stdout`;

const COLUMNS: readonly [string, number, (phase: SoakPhase) => string][] = [
  ["calls/s", 8, ({ perSecond }) => perSecond.toFixed(0)],
  ["p50 ms", 8, ({ p50 }) => p50.toFixed(1)],
  ["p99 ms", 8, ({ p99 }) => p99.toFixed(1)],
  ["max ms", 8, ({ max }) => max.toFixed(0)],
  ["memory", 8, ({ memoryMb }) => `${memoryMb.toFixed(0)} MB`],
  ["sockets", 8, ({ sockets }) => String(sockets ?? "?")],
];

await runTask(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean" },
      minutes: { type: "string", default: "2" },
      json: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 600)) {
    throw new UsageError(
      `--minutes ${values.minutes}: expected a number from 0 to 600`,
    );
  }
  const show = progress();
  const { phases, checks } = await soak({ minutes, onPhase: show });
  show(undefined);
  const isGood = checks.every(({ holds }) => holds);
  if (values.json) {
    console.log(JSON.stringify({ phases, checks }));
    return isGood ? 0 : 1;
  }
  const width = Math.max(...phases.map(({ name }) => name.length));
  console.log(
    "".padEnd(width) +
      COLUMNS.map(([title, size]) => title.padStart(size + 1)).join("") +
      "  answers",
  );
  for (const phase of phases) {
    const cells = COLUMNS.map(([, size, cell]) =>
      cell(phase).padStart(size + 1)
    );
    const answers = Object.entries(phase.statuses)
      .map(([status, count]) => `${status}: ${count}`).join("  ");
    console.log(`${phase.name.padEnd(width)}${cells.join("")}  ${answers}`);
  }
  console.log();
  for (const { text, holds } of checks) {
    console.log(
      `${holds ? tint("good", "holds ") : tint("bad", "broken")} ${text}`,
    );
  }
  return isGood ? 0 : 1;
});
