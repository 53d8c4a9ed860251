/**
 * Tests whether the time of a refusal reveals how much of a forged signature is
 * right.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import type { Check } from "./check.ts";
import {
  findSigningKey,
  importSigningKeys,
  parseSignatureHeader,
} from "../../lib/request/signature.ts";

/** The refusal times of two kinds of forged signatures. */
export interface TimingResult {
  /** The number of each kind. */
  readonly samples: number;
  /** The median if all bytes but the last are right, in microseconds. */
  readonly nearMedianUs: number;
  /** The median if the bytes are random, in microseconds. */
  readonly randomMedianUs: number;
  /**
   * The effect size (rank-biserial correlation): 0 if neither kind takes
   * longer, 1 or -1 if one always does.
   */
  readonly effect: number;
  /** The effect that chance alone stays below in 95 of 100 runs. */
  readonly chance: number;
  readonly check: Check;
}

/** An effect below this is negligible by the usual reading of effect sizes. */
const NEGLIGIBLE_EFFECT = 0.1;

const KEY = "key-of-the-timed-target";
const TIMESTAMP = 1_795_469_197;
const BODY = new TextEncoder().encode("x".repeat(1_400));
const WARM_UP = 2_000;

/** Times the refusal of forged signatures, in random order. */
export async function compareTimes(samples: number): Promise<TimingResult> {
  const keys = await importSigningKeys([KEY]);
  const right = createHmac("sha256", KEY).update(`${TIMESTAMP}.`).update(BODY)
    .digest();
  const near: number[] = [];
  const random: number[] = [];
  for (let i = -WARM_UP; i < 2 * samples; i++) {
    const isNear = near.length < samples &&
      (random.length === samples || Math.random() < 0.5);
    const bytes = isNear
      ? Uint8Array.from(right)
      : crypto.getRandomValues(new Uint8Array(right.length));
    bytes[bytes.length - 1]! = right.at(-1)! ^ 1;
    const header = parseSignatureHeader(`t=${TIMESTAMP},v1=${bytes.toHex()}`)!;
    const begin = performance.now();
    if (await findSigningKey(keys, header, BODY) !== undefined) {
      throw new Error("A forged signature was accepted");
    }
    const us = (performance.now() - begin) * 1_000;
    if (i >= 0) (isNear ? near : random).push(us);
  }
  const effect = rankBiserial(near, random);
  const holds = Math.abs(effect) < NEGLIGIBLE_EFFECT;
  return {
    samples,
    nearMedianUs: median(near),
    randomMedianUs: median(random),
    effect,
    check: {
      text: holds
        ? "no difference that an attacker could use"
        : "the time tells them apart",
      holds,
    },
    chance: 1.96 * Math.sqrt((2 * samples + 1) / (3 * samples * samples)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/**
 * Compares two samples by the Mann-Whitney statistic, which ignores outliers.
 */
function rankBiserial(
  left: readonly number[],
  right: readonly number[],
): number {
  const all = [
    ...left.map((value) => ({ value, isLeft: true })),
    ...right.map((value) => ({ value, isLeft: false })),
  ].sort((a, b) => a.value - b.value);
  let ranks = 0;
  for (let first = 0; first < all.length;) {
    let last = first;
    while (all[last + 1]?.value === all[first]!.value) last++;
    const shared = (first + last) / 2 + 1;
    for (; first <= last; first++) if (all[first]!.isLeft) ranks += shared;
  }
  const u = ranks - left.length * (left.length + 1) / 2;
  return 2 * u / (left.length * right.length) - 1;
}
