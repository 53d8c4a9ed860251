import type { ColdStartRow } from "./cold_start.ts";
import type { Crowd } from "./crowd.ts";
import type { LoadGenerator } from "./load.ts";
import type { Machine } from "./machine.ts";
import type { Memory } from "./memory.ts";
import type { Scaling } from "./scaling.ts";
import type { Throughput } from "./throughput.ts";

/** What one run measured; a measurement that was not chosen is absent. */
export interface BenchReport {
  readonly machine: Machine;
  readonly generator: LoadGenerator["name"];
  /** Rounds too short to judge by. */
  readonly quick: boolean;
  readonly throughput?: Throughput | undefined;
  readonly scaling?: Scaling | undefined;
  readonly coldStart?: readonly ColdStartRow[] | undefined;
  readonly crowd?: Crowd | undefined;
  readonly memory?: Memory | undefined;
}

/** A figure beside its target. */
export interface Verdict {
  /** What was measured. */
  readonly name: string;
  readonly value: number;
  readonly bound: "at least" | "at most" | "exactly";
  readonly target: number;
  readonly reached: boolean;
}

/** Compares the figures with the targets, one verdict for each. */
export function judgeReport(report: BenchReport): Verdict[] {
  const { throughput, scaling, coldStart, crowd, memory } = report;
  const verdicts: Verdict[] = [];
  const judge = (
    name: string,
    value: number,
    [bound, target]: readonly [Verdict["bound"], number],
  ) => {
    const reached = bound === "at least"
      ? value >= target
      : bound === "at most"
      ? value <= target
      : value === target;
    verdicts.push({ name, value, bound, target, reached });
  };

  if (throughput) {
    const { rows } = throughput;
    judge("throughput, to the floor's", throughput.throughputRatio, [
      "at least",
      0.9,
    ]);
    judge("p99, to the floor's", throughput.p99Ratio, ["at most", 1.5]);
    judge("failed requests", sum(rows.map((row) => row.errors)), [
      "exactly",
      0,
    ]);
    judge(
      "upstream calls when warm",
      sum(rows.map((row) => row.upstreamCalls)),
      ["exactly", 0],
    );
  }
  if (scaling) {
    const { entries, roles } = scaling;
    judge(
      `throughput with ${
        count(entries.at(-1)!.entries)
      } entries, to that with ${entries[0]!.entries}`,
      entries.at(-1)!.ratio,
      ["at least", 0.95],
    );
    judge(
      "failed requests while the mapping and the roles grow",
      sum([...entries, ...roles].map((row) => row.errors)),
      ["exactly", 0],
    );
  }
  for (const row of coldStart ?? []) {
    if (row.name !== "warm KV") continue;
    judge("cold start with a warm KV, to a bare server's", row.ratio, [
      "at most",
      1.5,
    ]);
    judge("upstream calls at a cold start with a warm KV", row.upstreamCalls, [
      "exactly",
      0,
    ]);
  }
  if (crowd) {
    const name = `of ${count(crowd.requests)} first calls at once`;
    judge(`look-ups ${name}`, crowd.lookups, ["exactly", 1]);
    judge(`correct replies ${name}`, crowd.right, ["exactly", crowd.requests]);
  }
  if (memory) {
    judge("memory, last tenth to second tenth", memory.ratio, [
      "at most",
      1.1,
    ]);
    judge("failed requests while memory was measured", memory.errors, [
      "exactly",
      0,
    ]);
  }
  return verdicts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function count(number: number): string {
  return number.toLocaleString("en");
}
