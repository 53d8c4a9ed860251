/**
 * `deno task replay`: replays fixtures, prints a row for each, and updates those
 * that differ if asked to.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import {
  findFixtures,
  type Fixture,
  readFixture,
  signFixture,
  writeFixture,
} from "../fixtures/fixture.ts";
import { formatTotals, type Replayed, rowFormatter } from "./format_replay.ts";
import { findDeployedFunction } from "./deployed_function.ts";
import { replayDeployed } from "./replay_deployed.ts";
import { replayLocally, type Verdict } from "./replay.ts";

export interface ReplayOptions {
  /** Fixtures; none: all. */
  readonly positionals: readonly string[];
  /** A running function. */
  readonly url?: string | undefined;
  /** An organization that the running function may read. */
  readonly org?: string | undefined;
  readonly envFile: string;
  readonly update: boolean;
  readonly json: boolean;
}

export async function runReplay(
  options: ReplayOptions,
  io: Io,
): Promise<Outcome> {
  const { positionals, url, update, json } = options;
  const replay = await chooseFunction(options, io);
  const files = positionals.length > 0 ? positionals : await findFixtures();
  const fixtures = await Promise.all(files.map(readFixture));
  const formatRow = rowFormatter(fixtures, { isDeployed: url !== undefined });
  const replayed: Replayed[] = [];
  for (const [index, fixture] of fixtures.entries()) {
    io.progress(fixture.name);
    const row = { fixture, ...await replay(fixture) };
    replayed.push(row);
    if (!json) { for (const line of formatRow(row)) io.print(line); }
    if (update) await updateFixture(files[index]!, row);
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
  const deployed = await findDeployedFunction(settings, {
    url,
    organization: org,
  });
  return (fixture) => replayDeployed(fixture, deployed);
}

/** Writes the reply as the expected one, and signs a request whose body was edited. */
async function updateFixture(
  file: URL | string,
  { fixture, outcome, actual }: Replayed,
): Promise<void> {
  const changed = outcome === "differs" && actual
    ? { ...fixture, expected: actual }
    : fixture;
  const signed = changed.source.startsWith("made from ")
    ? await signFixture(changed, { now: Date.parse(changed.clock) })
    : changed;
  if (!isDeepStrictEqual(signed, fixture)) await writeFixture(file, signed);
}
