/**
 * Replays recorded calls through the function: `deno task replay --help`.
 *
 * @module
 */
import { isDeepStrictEqual, parseArgs } from "node:util";
import {
  findFixtures,
  type Fixture,
  readFixture,
  signFixture,
  writeFixture,
} from "../harness/fixtures/fixture.ts";
import {
  diffReplies,
  type Outcome,
  replayDeployed,
  replayLocally,
  summarize,
  type Verdict,
} from "../harness/replay/replay.ts";
import { readSettings, runTask, UsageError } from "../harness/cli/task.ts";
import { tint, type Tone } from "../harness/cli/terminal.ts";

const HELP =
  `Sends recorded calls of ZITADEL, freshly signed, to the function and compares
what it answers with what is right.

  deno task replay [--url URL] [options] [FILE...]

  FILE...          fixtures to replay; all of fixtures/ where none is named
  --url URL        a running function; without it one is started for each
                   fixture, with the fixture's settings and metadata
  --key KEY        the signing key of that function's target; where absent,
                   AUTHORIZATION_SIGNING_KEY of the environment or the env file
  --env-file FILE  default .env
  --update         make what the function answers the expected reply, show what
                   changed, and sign made requests whose body was edited
  --json           print one JSON document
  --help           print this

Exits with 1 where a reply differs. A reply of --url that differs in the
permissions alone is shown and does not count: that function reads its own
metadata.`;

const LABELS: Record<Outcome, { text: string; tone: Tone }> = {
  equal: { text: "equal", tone: "good" },
  differs: { text: "differs", tone: "bad" },
  other_metadata: { text: "other metadata", tone: "warning" },
  skipped: { text: "skipped", tone: "faint" },
};

/** How many characters of a reply are shown in a row of the table. */
const SUMMARY_LENGTH = 72;

interface Replayed extends Verdict {
  readonly fixture: Fixture;
}

interface Options {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly "env-file": string;
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
      "env-file": { type: "string", default: ".env" },
      update: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const replay = await chooseFunction(values);
  const files = positionals.length > 0 ? positionals : await findFixtures();
  const fixtures = await Promise.all(files.map(readFixture));
  const print = rowPrinter(fixtures, values);
  const replayed: Replayed[] = [];
  for (const [index, fixture] of fixtures.entries()) {
    const row = { fixture, ...await replay(fixture) };
    replayed.push(row);
    if (!values.json) print(row);
    if (values.update) await update(files[index]!, row);
  }
  if (values.json) printJson(replayed);
  else printTotals(replayed, values);
  return values.update || replayed.every(({ outcome }) => outcome !== "differs")
    ? 0
    : 1;
}

/** Chooses the function to replay against. */
async function chooseFunction(
  { url, key, update, "env-file": envFile }: Options,
): Promise<(fixture: Fixture) => Promise<Verdict>> {
  if (!url) {
    if (!key) return replayLocally;
    throw new UsageError(
      "Cannot use --key without --url: the function started here has each fixture's own key",
    );
  }
  if (update) {
    throw new UsageError(
      "Cannot use --update with --url: that function reads other metadata than the fixtures hold",
    );
  }
  const signingKey = key ??
    (await readSettings(envFile)).AUTHORIZATION_SIGNING_KEY?.split(",")[0];
  if (!signingKey) {
    throw new UsageError(
      "Cannot sign for --url: give the target's signing key with --key or AUTHORIZATION_SIGNING_KEY",
    );
  }
  return (fixture) => replayDeployed(fixture, { url, key: signingKey });
}

/** Writes what the function answered into a fixture that expected otherwise. */
async function update(
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

/** Makes what prints a row of the table, with columns wide enough for all. */
function rowPrinter(
  fixtures: readonly Fixture[],
  { url }: Options,
): (row: Replayed) => void {
  const nameWidth = Math.max(...fixtures.map(({ name }) => name.length));
  const labelWidth = LABELS[url ? "other_metadata" : "differs"].text.length;
  return ({ fixture, outcome, actual, note }) => {
    const { text, tone } = LABELS[outcome];
    const answered = actual
      ? `${actual.status}  ${shorten(summarize(actual))}`
      : `     ${note}`;
    console.log(
      `${tint(tone, text.padEnd(labelWidth))}  ${
        fixture.name.padEnd(nameWidth)
      }  ${answered}`,
    );
    if (outcome === "differs" && actual) {
      for (const line of diffReplies(fixture.expected, actual)) {
        console.log(`    ${tintLine(line)}`);
      }
    }
  };
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

function printTotals(
  replayed: readonly Replayed[],
  { update }: Options,
): void {
  const notes = new Set(
    replayed.flatMap(({ actual, note }) => actual && note ? [note] : []),
  );
  for (const note of notes) console.log(`\n${note}.`);
  const counts = Object.entries(Object.groupBy(replayed, (r) => r.outcome))
    .map(([outcome, group]) =>
      `${group.length} ${LABELS[outcome as Outcome].text}`
    );
  const updated = update ? "; what differed is now expected" : "";
  console.log(
    `\n${replayed.length} fixtures: ${counts.join(", ")}${updated}`,
  );
}

function shorten(text: string): string {
  return text.length > SUMMARY_LENGTH
    ? `${text.slice(0, SUMMARY_LENGTH - 3)}...`
    : text;
}

function tintLine(line: string): string {
  if (line.startsWith("-")) return tint("bad", line);
  if (line.startsWith("+")) return tint("good", line);
  return line;
}

if (import.meta.main) await runTask(main);
