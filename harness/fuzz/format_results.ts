import { tint } from "../cli/terminal.ts";
import type { AttackResult } from "./attack.ts";
import type { TimingResult } from "./timing.ts";

/** An effect below this is negligible by the usual reading of effect sizes. */
const NEGLIGIBLE_EFFECT = 0.1;

/** How much memory may grow during the bad requests, in megabytes: heaps breathe. */
const MAX_GROWTH_MB = 64;

const LABEL_WIDTH = 28;

/** Reports whether both kinds of refusals take the same time. */
export function isSameTime({ effect }: TimingResult): boolean {
  return Math.abs(effect) < NEGLIGIBLE_EFFECT;
}

export function formatTiming(result: TimingResult): string[] {
  const { samples, nearMedianUs, randomMedianUs, effect, chance } = result;
  return [
    `refusals timed      ${samples} of each kind`,
    `nearly right        ${nearMedianUs.toFixed(1)} µs (median)`,
    `random              ${randomMedianUs.toFixed(1)} µs (median)`,
    `effect size         ${effect.toFixed(4)} (by chance up to ${
      chance.toFixed(4)
    })`,
    isSameTime(result)
      ? tint("good", "no difference that an attacker could use")
      : tint("bad", "the time tells them apart"),
  ];
}

/** Reports whether every bad request was refused, without a crash or a leak. */
export function isResisted(result: AttackResult): boolean {
  const growth = result.memoryAfterMb - result.memoryBeforeMb;
  return result.wrong.length === 0 && result.survived && growth < MAX_GROWTH_MB;
}

export function formatAttack(
  result: AttackResult,
  { requests, seconds }: {
    readonly requests: number;
    readonly seconds: number;
  },
): string[] {
  const { outcomes, memoryBeforeMb, memoryAfterMb, wrong } = result;
  return [
    "",
    `${requests} bad requests in ${seconds.toFixed(1)} s`,
    ...Object.entries(outcomes).sort().map(([kind, counts]) => {
      const text = Object.entries(counts)
        .map(([outcome, count]) => `${outcome}: ${count}`).join("  ");
      return `  ${kind.padEnd(LABEL_WIDTH)} ${text}`;
    }),
    `  ${"memory".padEnd(LABEL_WIDTH)} ${memoryBeforeMb.toFixed(0)} MB, then ${
      memoryAfterMb.toFixed(0)
    } MB`,
    isResisted(result)
      ? tint("good", "none answered with 200 or 5xx, no crash, memory flat")
      : tint("bad", "not every request was refused as it should be"),
    ...wrong.flatMap(({ kind, outcome, bytes }) => [
      "",
      `${kind}: ${outcome}`,
      JSON.stringify(bytes),
    ]),
  ];
}
