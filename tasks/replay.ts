/**
 * Replays recorded calls through the function: `deno task replay --help`.
 *
 * @module
 */
import { parseArgs, styleText } from "node:util";
import {
  findFixtures,
  type Fixture,
  readFixture,
  signFixture,
  writeFixture,
} from "../harness/fixtures.ts";
import {
  diffReplies,
  type Outcome,
  replayDeployed,
  replayLocally,
  summarize,
  type Verdict,
} from "../harness/replay.ts";

const HELP =
  `Sends recorded calls of ZITADEL, freshly signed, to the function and compares
what it answers with what is right.

Usage: deno task replay [options] [FILE...]

  FILE...      fixtures to replay; all of fixtures/ where none is named
  --url URL    a running function; without it one is started for each fixture,
               with the fixture's settings and metadata
  --key KEY    the signing key of that function's target; where absent,
               AUTHORIZATION_SIGNING_KEY from the environment
  --update     make what the function answers the expected reply, show what
               changed, and sign made requests whose body was edited
  --json       print one JSON document
  --help       print this

Exits with 1 where a reply differs. A reply of --url that differs in the
permissions alone is shown and does not count: that function reads its own
metadata.
`;

const LABELS: Record<
  Outcome,
  { text: string; colour: "green" | "red" | "yellow" | "dim" }
> = {
  equal: { text: "equal", colour: "green" },
  differs: { text: "differs", colour: "red" },
  other_metadata: { text: "other metadata", colour: "yellow" },
  skipped: { text: "skipped", colour: "dim" },
};

/** How many characters of a reply are shown in a row of the table. */
const SUMMARY_LENGTH = 72;

interface Replayed extends Verdict {
  readonly file: URL | string;
  readonly fixture: Fixture;
}

interface Options {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly update: boolean;
  readonly json: boolean;
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      url: { type: "string" },
      key: { type: "string" },
      update: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const files = positionals.length > 0 ? positionals : await findFixtures();
  const replayed = await replayAll(files, values);
  if (values.update) await update(replayed);
  if (values.json) printJson(replayed);
  else printTable(replayed, values);
  return values.update || replayed.every(({ outcome }) => outcome !== "differs")
    ? 0
    : 1;
}

async function replayAll(
  files: readonly (URL | string)[],
  { url, key, update }: Options,
): Promise<Replayed[]> {
  if (!url && key) {
    throw new Error(
      "Cannot use --key without --url: the function started here has each fixture's own key",
    );
  }
  if (url && update) {
    throw new Error(
      "Cannot use --update with --url: that function reads other metadata than the fixtures hold",
    );
  }
  const deployedKey = key ??
    (url && Deno.env.get("AUTHORIZATION_SIGNING_KEY")?.split(",")[0]);
  if (url && !deployedKey) {
    throw new Error(
      "Cannot sign for --url: give the target's signing key with --key or AUTHORIZATION_SIGNING_KEY",
    );
  }
  const replayed: Replayed[] = [];
  for (const file of files) {
    const fixture = await readFixture(file);
    const verdict = url && deployedKey
      ? await replayDeployed(fixture, { url, key: deployedKey })
      : await replayLocally(fixture);
    replayed.push({ file, fixture, ...verdict });
  }
  return replayed;
}

/** Writes what the function answered into the fixtures that expected otherwise. */
async function update(replayed: readonly Replayed[]): Promise<void> {
  for (const { file, fixture, outcome, actual } of replayed) {
    const changed = outcome === "differs" && actual
      ? { ...fixture, expected: actual }
      : fixture;
    const signed = changed.source.startsWith("made from ")
      ? await signFixture(changed, { now: Date.parse(changed.clock) })
      : changed;
    if (JSON.stringify(signed) !== JSON.stringify(fixture)) {
      await writeFixture(file, signed);
    }
  }
}

function printTable(replayed: readonly Replayed[], { update }: Options): void {
  const width = Math.max(...replayed.map(({ fixture }) => fixture.name.length));
  const labelWidth = Math.max(
    ...replayed.map(({ outcome }) => LABELS[outcome].text.length),
  );
  for (const { fixture, outcome, actual, note } of replayed) {
    const { text, colour } = LABELS[outcome];
    const answered = actual
      ? `${actual.status}  ${shorten(summarize(actual))}`
      : `     ${note}`;
    console.log(
      `${styleText(colour, text.padEnd(labelWidth))}  ${
        fixture.name.padEnd(width)
      }  ${answered}`,
    );
    if (outcome === "differs" && actual) {
      for (const line of diffReplies(fixture.expected, actual)) {
        console.log(`    ${colourLine(line)}`);
      }
    }
  }
  const notes = new Set(
    replayed.flatMap(({ actual, note }) => actual && note ? [note] : []),
  );
  for (const note of notes) console.log(`\n${note}.`);
  console.log(`\n${totals(replayed, update)}`);
}

function printJson(replayed: readonly Replayed[]): void {
  console.log(JSON.stringify(
    replayed.map(({ fixture: { name, expected }, outcome, actual, note }) => ({
      name,
      outcome,
      note,
      expected,
      actual,
    })),
    null,
    2,
  ));
}

function totals(replayed: readonly Replayed[], update: boolean): string {
  const counts = Object.entries(Object.groupBy(replayed, (r) => r.outcome))
    .map(([outcome, group]) =>
      `${group.length} ${LABELS[outcome as Outcome].text}`
    );
  const updated = update ? "; what differed is now expected" : "";
  return `${replayed.length} fixtures: ${counts.join(", ")}${updated}`;
}

function shorten(text: string): string {
  return text.length > SUMMARY_LENGTH
    ? `${text.slice(0, SUMMARY_LENGTH - 3)}...`
    : text;
}

function colourLine(line: string): string {
  if (line.startsWith("-")) return styleText("red", line);
  if (line.startsWith("+")) return styleText("green", line);
  return line;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exitCode = 1;
  }
}
