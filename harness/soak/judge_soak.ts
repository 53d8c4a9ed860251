import {
  CALLERS,
  ORGANIZATIONS,
  type SoakFigures,
  UPSTREAM_TIMEOUT_MS,
} from "./phases.ts";
import type { SoakCheck } from "./soak_check.ts";

/** How far memory may differ afterwards, in megabytes: V8 returns it late. */
const MEMORY_SLACK_MB = 96;
const SOCKET_SLACK = 16;
/** How many organizations the function reads at once. */
const READINGS = 24;
/**
 * How far the slowest hundredth may differ, in milliseconds: other programs run
 * too.
 */
const LATENCY_SLACK_MS = 50;
/** How much longer than ZITADEL's deadline an answer may take, in milliseconds. */
const OVERLOAD_SLACK_MS = 2_000;

/** Judges the figures of a soak. */
export function judgeSoak(figures: SoakFigures): SoakCheck[] {
  return [...judgeAnswers(figures), ...judgeRecovery(figures)];
}

function judgeAnswers(
  { phases, before, organizations, held, overload }: SoakFigures,
): SoakCheck[] {
  const overloadMs = UPSTREAM_TIMEOUT_MS + OVERLOAD_SLACK_MS;
  return [
    {
      text: "no answer with status 500",
      holds: phases.every(({ statuses }) => !statuses["500"]),
    },
    {
      text: "every call is answered with 200 if ZITADEL or the cache can",
      holds: phases.every((phase) =>
        phase === overload || Object.keys(phase.statuses).join() === "200"
      ),
    },
    {
      text: `refreshes are bounded: ${
        organizations.sockets ?? "unknown"
      } sockets with ${ORGANIZATIONS} organizations`,
      // Connections to ZITADEL and from callers stay open for a while.
      holds: (organizations.sockets ?? 0) <
        2 * (CALLERS + READINGS),
    },
    {
      text: `half-open clients barely slow the others: p99 ${
        ms(before.p99)
      } before, ${ms(held.p99)} meanwhile`,
      holds: held.p99 < 2 * before.p99 + LATENCY_SLACK_MS,
    },
    {
      text: `overload is answered within ${ms(overloadMs)}: p99 ${
        ms(overload.p99)
      }, slowest ${ms(overload.max)}`,
      holds: overload.max < overloadMs,
    },
  ];
}

function judgeRecovery(
  { before, after, atRest }: SoakFigures,
): SoakCheck[] {
  return [
    {
      text: `latency is back: p50 ${ms(before.p50)} and p99 ${
        ms(before.p99)
      } before, ${ms(after.p50)} and ${ms(after.p99)} after`,
      holds: after.p50 < 2 * before.p50 + 1 &&
        after.p99 < 2 * before.p99 + LATENCY_SLACK_MS,
    },
    {
      text: `memory is back: ${before.memoryMb.toFixed(0)} MB before, ${
        atRest.memoryMb.toFixed(0)
      } MB after`,
      holds: atRest.memoryMb < before.memoryMb + MEMORY_SLACK_MB,
    },
    {
      text: `sockets are back: ${before.sockets ?? "unknown"} before, ${
        atRest.sockets ?? "unknown"
      } after`,
      holds: (atRest.sockets ?? 0) <= (before.sockets ?? 0) + SOCKET_SLACK,
    },
  ];
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
