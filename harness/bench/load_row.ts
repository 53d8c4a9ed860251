import type { Round } from "./rounds.ts";
import { type Figure, summarize, summarizeRatio } from "./statistics.ts";

/** What a server did under load. */
export interface LoadRow {
  readonly name: string;
  /** Requests answered in a second. */
  readonly requestsPerSecond: Figure;
  /** The median time to an answer, in milliseconds. */
  readonly p50Ms: Figure;
  /** The time within which 99 of 100 were answered, in milliseconds. */
  readonly p99Ms: Figure;
  /** The processor time a request took, in microseconds; absent if the system does not report it. */
  readonly cpuMicroseconds?: Figure | undefined;
  /** The memory held at the end, in bytes. */
  readonly residentBytes?: number | undefined;
  readonly errors: number;
}

/** A server compared with another under the same load. */
export interface LoadRatio {
  readonly throughput: Figure;
  readonly p99: Figure;
  readonly cpu?: Figure | undefined;
}

/** Sums up a contender's rounds. */
export function summarizeRounds(
  name: string,
  rounds: readonly Round[],
): LoadRow {
  const cpu = cpuOf(rounds);
  return {
    name,
    requestsPerSecond: summarize(
      rounds.map(({ requestsPerSecond }) => requestsPerSecond),
    ),
    p50Ms: summarize(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: summarize(rounds.map(({ p99Ms }) => p99Ms)),
    cpuMicroseconds: cpu.length > 0 ? summarize(cpu) : undefined,
    residentBytes: rounds.at(-1)!.residentBytes,
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
  };
}

/** Compares a contender's rounds with those of another, round by round. */
export function compareRounds(
  rounds: readonly Round[],
  base: readonly Round[],
): LoadRatio {
  const ratio = (key: "requestsPerSecond" | "p99Ms") =>
    summarizeRatio(rounds.map((it) => it[key]), base.map((it) => it[key]));
  const cpu = cpuOf(rounds);
  return {
    throughput: ratio("requestsPerSecond"),
    p99: ratio("p99Ms"),
    cpu: cpu.length > 0 ? summarizeRatio(cpu, cpuOf(base)) : undefined,
  };
}

function cpuOf(rounds: readonly Round[]): number[] {
  return rounds.flatMap(({ cpuPerRequest }) => cpuPerRequest ?? []);
}
