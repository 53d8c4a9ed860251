/**
 * `deno task replay`: replays fixtures, prints a row for each, and updates those
 * that differ if asked to.
 *
 * @module
 */
import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import {
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  option,
  type Values,
} from "../cli/options.ts";
import { parseUrl } from "../cli/parse.ts";
import { type Io, printJson } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import type { Fixture } from "../fixtures/fixture.ts";
import {
  readAllFixtures,
  readFixturesAt,
  writeExpected,
} from "../fixtures/fixture_files.ts";
import { formatTotals, type Replayed, rowFormatter } from "./format_replay.ts";
import { findDeployedFunction } from "./deployed_function.ts";
import { replayDeployed } from "./replay_deployed.ts";
import { replayLocally, type Verdict } from "./replay.ts";

export const REPLAY_OPTIONS = {
  url: option("URL", "a running function", parseUrl),
  org: option(
    "ID",
    "with --url: an organization that the function may read (default: the service user's)",
  ),
  "env-file": ENV_FILE_OPTION,
  update: flag(
    "make the function's replies the expected ones, and show what changed",
  ),
  json: JSON_OPTION,
};

type ReplayOptions = Values<typeof REPLAY_OPTIONS>;

export async function runReplay(
  options: ReplayOptions & { readonly positionals: readonly string[] },
  io: Io,
): Promise<Outcome> {
  const { positionals, url, update, json } = options;
  const replay = await chooseFunction(options, io);
  const stored = positionals.length > 0
    ? (await Promise.all(positionals.map(readFixturesAt))).flat()
    : await readAllFixtures();
  const formatRow = rowFormatter(
    stored.map(({ fixture }) => fixture),
    { isDeployed: url !== undefined },
  );
  const replayed: Replayed[] = [];
  for (const { fixture, file } of stored) {
    io.progress(fixture.name);
    const row = { fixture, ...await replay(fixture) };
    replayed.push(row);
    if (!json) { for (const line of formatRow(row)) io.print(line); }
    if (update && row.outcome === "differs" && row.actual) {
      await writeExpected({ fixture, file }, row.actual);
    }
  }
  io.progress();
  const outcome = update ? "done" : outcomeOf(replayed);
  if (json) {
    const rows = replayed.map(({ fixture, outcome, actual, note }) => {
      const { name, expected } = fixture;
      return { name, outcome, note, expected, actual };
    });
    return printJson(io, outcome, { fixtures: rows });
  }
  for (const line of formatTotals(replayed, options)) io.print(line);
  return outcome;
}

/** A run that compared nothing proved nothing. */
function outcomeOf(replayed: readonly Replayed[]): Outcome {
  const isRight = replayed.some(({ outcome }) => outcome !== "skipped") &&
    replayed.every(({ outcome }) => outcome !== "differs");
  return isRight ? "done" : "failed";
}

/** The function to replay against: one started here, or a running one. */
async function chooseFunction(
  { url, org, update, envFile }: ReplayOptions,
  io: Io,
): Promise<(fixture: Fixture) => Promise<Verdict>> {
  if (!url) {
    if (!org) return replayLocally;
    throw new UsageError(
      "Cannot use --org without --url: the function started here has each fixture's own metadata",
    );
  }
  if (update) {
    throw new UsageError(
      "Cannot use --update with --url: that function reads other metadata than the fixtures hold",
    );
  }
  const settings = await readSettings(envFile, io);
  const deployed = await findDeployedFunction(settings, url, org);
  return (fixture) => replayDeployed(fixture, deployed);
}
