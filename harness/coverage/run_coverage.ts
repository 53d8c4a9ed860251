import { fileURLToPath } from "node:url";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson, printLines } from "../cli/io.ts";
import { formatTable } from "../cli/table.ts";
import { tint } from "../cli/terminal.ts";
import { type Coverage, measureCoverage } from "./measure_coverage.ts";
import {
  formatLines,
  shareOf,
  tallyBelow,
  tallyFolders,
  uncoveredBelow,
} from "./summarize_coverage.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).slice(0, -1);

/** The folder that runs at the edge, and the share of its lines that tests must run. */
const GUARDED = "lib";
const MIN_SHARE = 0.99;

/** `deno task coverage`: runs the tests and prints which lines of code they run. */
export async function runCoverage(
  { json }: { readonly json: boolean },
  io: Io,
): Promise<Outcome> {
  return reportCoverage(await measureCoverage(ROOT), { json, io });
}

/** Prints a measurement and judges it. */
export function reportCoverage(
  { files, unloaded, testsPass }: Coverage,
  { json, io }: { readonly json: boolean; readonly io: Io },
): Outcome {
  const share = shareOf(tallyBelow(files, GUARDED));
  const uncovered = uncoveredBelow(files, GUARDED);
  const unloadedHere = unloaded.filter((it) => it.startsWith(`${GUARDED}/`));
  const isEnough = share >= MIN_SHARE && unloadedHere.length === 0;
  const outcome = isEnough && testsPass ? "done" : "failed";
  const folders = tallyFolders(files);
  if (json) {
    const tallies = Object.fromEntries(folders);
    return printJson(io, outcome, {
      testsPass,
      lib: { share, min: MIN_SHARE, uncovered },
      folders: tallies,
      unloaded,
    });
  }
  for (
    const line of formatTable([
      ["folder", "lines", "covered"],
      ...[...folders].map(([folder, tally]) => [
        folder,
        String(tally.found),
        percent(shareOf(tally)),
      ]),
    ])
  ) io.print(line);
  if (unloaded.length > 0) {
    printLines(io, "\nNo test loads these in its own process:");
    for (const file of unloaded) io.print(`  ${file}`);
  }
  if (uncovered.length > 0) printLines(io, "\nNo test runs these lines:");
  for (const { file, lines } of uncovered) {
    io.print(`  ${file}:${formatLines(lines)}`);
  }
  const text = `${GUARDED}/: ${percent(share)} of the lines, at least ${
    percent(MIN_SHARE)
  } expected`;
  printLines(io, `\n${tint(isEnough ? "good" : "bad", text)}`);
  if (!testsPass) {
    io.error(tint("bad", "a test fails; the figures are too low"));
  }
  return outcome;
}

/** Rounds down, so that what is below a bound does not look as if it reached it. */
function percent(share: number): string {
  return `${(Math.floor(1_000 * share) / 10).toFixed(1)} %`;
}
