import { printable, tint, type Tone } from "../cli/terminal.ts";
import type { Fixture } from "../fixtures/fixture.ts";
import {
  diffReplies,
  type Outcome as Comparison,
  summarize,
  type Verdict,
} from "./replay.ts";

/** A fixture, and how the function's reply compares. */
export interface Replayed extends Verdict {
  readonly fixture: Fixture;
}

const LABELS: Readonly<Record<Comparison, { text: string; tone: Tone }>> = {
  equal: { text: "equal", tone: "good" },
  differs: { text: "differs", tone: "bad" },
  other_metadata: { text: "other metadata", tone: "warning" },
  skipped: { text: "skipped", tone: "faint" },
};

/** How many characters of a reply a row shows. */
const SUMMARY_LENGTH = 72;

/** Creates what formats a row of the table, with columns wide enough for all. */
export function rowFormatter(
  fixtures: readonly Fixture[],
  { isDeployed }: { readonly isDeployed: boolean },
): (row: Replayed) => string[] {
  // Escapes count for the widths.
  const nameWidth = Math.max(
    ...fixtures.map(({ name }) => printable(name).length),
  );
  const widest = LABELS[isDeployed ? "other_metadata" : "differs"];
  return ({ fixture, outcome, actual, note }) => {
    const { text, tone } = LABELS[outcome];
    const label = tint(tone, text.padEnd(widest.text.length));
    const name = printable(fixture.name).padEnd(nameWidth);
    const reply = actual
      ? `${actual.status}  ${shorten(summarize(actual))}`
      : `     ${note}`;
    const differences = outcome === "differs" && actual
      ? diffReplies(fixture.expected, actual)
      : [];
    return [
      `${label}  ${name}  ${printable(reply)}`,
      ...differences.map((line) => {
        const tone = ({ "-": "bad", "+": "good" } as const)[line[0]!];
        return `    ${tone ? tint(tone, line) : line}`;
      }),
    ];
  };
}

/** The notes, each once, and the counts. */
export function formatTotals(
  replayed: readonly Replayed[],
  { update }: { readonly update: boolean },
): string[] {
  const notes = new Set(
    replayed.flatMap(({ actual, note }) => actual && note ? [note] : []),
  );
  const groups = Object.groupBy(replayed, ({ outcome }) => outcome);
  const counts = Object.entries(groups).map(([outcome, group]) =>
    `${group.length} ${LABELS[outcome as Comparison].text}`
  ).join(", ");
  const updated = update ? "; what differed is now expected" : "";
  const fixtures = replayed.length === 1 ? "fixture" : "fixtures";
  const isEmpty = replayed.every(({ outcome }) => outcome === "skipped");
  return [
    ...[...notes].flatMap((note) => ["", `${note}.`]),
    "",
    `${replayed.length} ${fixtures}: ${counts}${updated}`,
    ...isEmpty ? ["Nothing was compared, so nothing is proved."] : [],
  ];
}

function shorten(text: string): string {
  return text.length > SUMMARY_LENGTH
    ? `${text.slice(0, SUMMARY_LENGTH - 3)}...`
    : text;
}
