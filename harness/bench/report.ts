import type { ColdStartRow } from "./cold_start.ts";
import type { Crowd } from "./crowd.ts";
import type { LoadGenerator } from "./load.ts";
import type { Machine } from "./machine.ts";
import type { Memory } from "./memory.ts";
import type { Scaling } from "./scaling.ts";
import type { Throughput } from "./throughput.ts";

/** All that was measured in one run. */
export interface BenchReport {
  /** On what. */
  readonly machine: Machine;
  /** By which load generator. */
  readonly generator: LoadGenerator["name"];
  /** Whether it was a trial, too short to judge by. */
  readonly quick: boolean;
  /** The function beside the floor and a bare server. */
  readonly throughput?: Throughput | undefined;
  /** With larger mappings and more roles. */
  readonly scaling?: Scaling | undefined;
  /** From the start of a process to its first answer. */
  readonly coldStart?: readonly ColdStartRow[] | undefined;
  /** Many first calls at once. */
  readonly crowd?: Crowd | undefined;
  /** The memory held over many requests. */
  readonly memory?: Memory | undefined;
}

/** A figure beside what it must reach. */
export interface Verdict {
  /** What was measured. */
  readonly name: string;
  /** The figure. */
  readonly value: number;
  /** What it must be. */
  readonly bound: "at least" | "at most" | "exactly";
  /** The bound's number. */
  readonly target: number;
  /** Whether it is. */
  readonly reached: boolean;
}

/**
 * Holds figures against the targets.
 *
 * @param report What was measured; what was not is not judged.
 * @returns A verdict for each target.
 */
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
    judge("throughput, of the floor's", throughput.throughputRatio, [
      "at least",
      0.9,
    ]);
    judge("p99, of the floor's", throughput.p99Ratio, ["at most", 1.5]);
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
      } entries, of that with ${entries[0]!.entries}`,
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
    judge("cold start with a warm KV, of a bare server's", row.ratio, [
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
    judge(`right answers ${name}`, crowd.right, ["exactly", crowd.requests]);
  }
  if (memory) {
    judge("memory, last tenth of the second tenth's", memory.ratio, [
      "at most",
      1.1,
    ]);
    judge("failed requests while memory was watched", memory.errors, [
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
