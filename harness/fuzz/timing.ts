import {
  findSigningKey,
  importSigningKeys,
  parseSignatureHeader,
} from "../../lib/request/signature.ts";
import { signPayload } from "../util/sign_payload.ts";

/** An effect below this is negligible by the usual reading of effect sizes. */
const NEGLIGIBLE_EFFECT = 0.1;

const KEY = "key-of-the-timed-target";
const TIMESTAMP = 1_795_469_197;
const BODY = new TextEncoder().encode("x".repeat(1_400));
const WARM_UP = 2_000;

/**
 * Tests whether the time of a refusal reveals how much of a forged signature is
 * right: times both kinds in random order.
 *
 * @param samples How many of each kind.
 */
export async function compareTimes(samples: number) {
  const keys = await importSigningKeys([KEY]);
  const [, hex] = signPayload(KEY, TIMESTAMP, BODY).split("v1=");
  const right = Uint8Array.fromHex(hex!);
  const timed: { us: number; isNear: boolean }[] = [];
  const left = { near: samples, random: samples };
  for (let i = -WARM_UP; i < 2 * samples; i++) {
    const isNear = Math.random() * (left.near + left.random) < left.near;
    const bytes = isNear
      ? right.slice()
      : crypto.getRandomValues(new Uint8Array(right.length));
    bytes[bytes.length - 1]! = right.at(-1)! ^ 1;
    const header = parseSignatureHeader(`t=${TIMESTAMP},v1=${bytes.toHex()}`)!;
    const begin = performance.now();
    if (await findSigningKey(keys, header, BODY) !== undefined) {
      throw new Error("A forged signature was accepted");
    }
    const us = (performance.now() - begin) * 1_000;
    if (i < 0) continue;
    timed.push({ us, isNear });
    left[isNear ? "near" : "random"]--;
  }
  // Equal times keep their random order, so ties favour neither.
  timed.sort((a, b) => a.us - b.us);
  const medianOf = (isNear: boolean) =>
    timed.filter((it) => it.isNear === isNear)[samples >> 1]!.us;
  // The Mann-Whitney statistic, which ignores outliers.
  const ranks = timed.reduce(
    (sum, { isNear }, index) => isNear ? sum + index + 1 : sum,
    0,
  );
  const u = ranks - samples * (samples + 1) / 2;
  const effect = 2 * u / (samples * samples) - 1;
  return {
    samples,
    // All bytes but the last are right.
    nearMedianUs: medianOf(true),
    randomMedianUs: medianOf(false),
    // Rank-biserial correlation: 0 if neither kind takes longer, 1 or -1 if one always does.
    effect,
    // What chance alone stays below in 95 of 100 runs.
    chance: 1.96 * Math.sqrt((2 * samples + 1) / (3 * samples * samples)),
    // Whether an attacker cannot tell them apart.
    holds: Math.abs(effect) < NEGLIGIBLE_EFFECT,
  };
}
