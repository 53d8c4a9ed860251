/**
 * `deno task bench`: takes the chosen measurements and judges them.
 *
 * @module
 */
import { cpus } from "node:os";
import { resolve } from "node:path";
import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import {
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  option,
  type Values,
} from "../cli/options.ts";
import { parseFile } from "../cli/parse.ts";
import { type Io, printJson } from "../cli/io.ts";
import { messageOf, tint } from "../cli/terminal.ts";
import { projectPath } from "../util/project_path.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { measureColdStart } from "./cold_start.ts";
import { measureFirstLogin } from "./first_login.ts";
import { measureMemory } from "./memory.ts";
import { measureRealToken } from "./real_token.ts";
import type { BenchContext } from "./servers.ts";
import { formatRows, isReached, type Row } from "./table.ts";
import { measureThroughput } from "./throughput.ts";

type Measure = (context: BenchContext) => Promise<Row[]>;

const MEASUREMENTS: Readonly<Record<string, Measure>> = {
  throughput: measureThroughput,
  "cold-start": measureColdStart,
  "first-login": measureFirstLogin,
  memory: measureMemory,
};

/** A higher load average of a core means that other programs distort the figures. */
const BUSY_LOAD_PER_CORE = 0.25;

export const BENCH_OPTIONS = {
  only: option("A,B", "measure only these, or none", parseMeasurements),
  zitadel: flag("measure tokens of a real instance, too"),
  "env-file": ENV_FILE_OPTION,
  entry: option(
    "FILE",
    "the function's program instead of main.ts, such as a bundle",
    parseFile,
  ),
  quick: flag("short rounds: to try it, not to judge by"),
  json: JSON_OPTION,
};

/** A missed target is a warning: the measuring itself is done. */
export async function runBench(
  options: Values<typeof BENCH_OPTIONS>,
  io: Io,
): Promise<Outcome> {
  const { only = Object.keys(MEASUREMENTS), quick, json } = options;
  const chosen = new Map(only.map((name) => [name, MEASUREMENTS[name]!]));
  if (options.zitadel) {
    const { instance } = await connectAsAdmin(options.envFile, io);
    chosen.set("tokens", (context) => measureRealToken(instance, context));
  }
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ` +
    `${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}`;
  const [load] = Deno.loadavg();
  const measured: Record<string, Row[]> = {};
  const failed: { readonly name: string; readonly message: string }[] = [];
  const folder = await Deno.makeTempDir({ prefix: "bench_" });
  const signal = io.untilInterrupted();
  const { progress } = io;
  const entry = resolve(options.entry ?? projectPath("main.ts"));
  try {
    for (const [name, measure] of chosen) {
      try {
        const context = { signal, folder, entry, quick, progress };
        measured[name] = await measure(context);
      } catch (error) {
        signal.throwIfAborted();
        // One that fails leaves the others standing.
        failed.push({ name, message: messageOf(error) });
      }
    }
  } finally {
    progress();
    await Deno.remove(folder, { recursive: true });
  }
  const rows = Object.entries(measured)
    .flatMap(([group, rows]) => rows.map((row) => ({ group, ...row })));
  const isMissed = rows.some((row) => isReached(row) === false);
  const outcome = failed.length > 0 ? "failed" : isMissed ? "warnings" : "done";
  if (json) {
    return printJson(io, outcome, { machine, load, quick, rows, failed });
  }
  io.print(machine);
  if (quick || load! / cpus().length > BUSY_LOAD_PER_CORE) {
    const why = quick
      ? "short rounds"
      : `load ${load!.toFixed(1)} at the start`;
    io.print(tint("warning", `${why}: do not judge by these figures`));
  }
  for (const [name, rows] of Object.entries(measured)) {
    io.print("");
    io.print(tint("strong", name));
    for (const line of formatRows(rows)) io.print(line);
  }
  for (const { name, message } of failed) {
    io.print(tint("bad", `${name} could not be measured: ${message}`));
  }
  return outcome;
}

/** Reads a list such as `throughput,memory`, or `none`. */
function parseMeasurements(text: string, option: string): string[] {
  if (text === "none") return [];
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => Object.hasOwn(MEASUREMENTS, name))) return names;
  throw new UsageError(
    `${option} ${text}: expected some of ${Object.keys(MEASUREMENTS)}`,
  );
}
