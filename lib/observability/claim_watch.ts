import type { FailureReason } from "../errors.ts";
import { LruMap } from "../util/lru_map.ts";
import type { Log } from "./log.ts";
import type { Telemetry } from "./telemetry.ts";

/**
 * A claim over this size is reported, in bytes: a token travels in a header,
 * and proxies cut headers near 8 kB.
 */
export const LARGE_CLAIM_BYTES = 4_096;

/** For how many organizations and reasons a report is remembered, so that it is made once. */
const REMEMBERED = { maxEntries: 10_000, maxBytes: Infinity };

/** A claim that was sent. */
export interface SentClaim {
  /** The claim's or attribute's name. */
  readonly name: string;
  /** A JSON value. */
  readonly value: unknown;
  /** How many names the shape could not carry. */
  readonly omitted: number;
  /** Whether an earlier target's value was replaced. */
  readonly replaced: boolean;
}

/** What watching claims needs. */
export interface ClaimWatchOptions {
  /** Takes the reports. */
  readonly log: Log;
  /** Takes the measurements. */
  readonly telemetry: Pick<Telemetry, "claim">;
}

/**
 * Measures a claim that was sent and reports what an operator should know about
 * it, once for each organization.
 *
 * @param claim The claim.
 * @param organization The organizations whose mapping it came from.
 */
export type WatchClaim = (claim: SentClaim, organization: string) => void;

/**
 * Creates the watch of sent claims.
 *
 * @param options Where to report.
 * @returns The watch.
 */
export function createClaimWatch(
  { log, telemetry }: ClaimWatchOptions,
): WatchClaim {
  const reported = new LruMap<true>(REMEMBERED);

  return function watchClaim({ name, value, omitted, replaced }, organization) {
    const bytes = byteLength(JSON.stringify(value));
    const isLarge = bytes > LARGE_CLAIM_BYTES;
    telemetry.claim(bytes, isLarge);
    const report = (reason: FailureReason, message: string, remedy: string) => {
      const key = JSON.stringify([reason, name, organization]);
      if (reported.get(key)) return;
      reported.set(key, true);
      log({
        level: "warn",
        message,
        reason,
        organization,
        claim: name,
        remedy,
      });
    };
    if (isLarge) {
      report(
        "large_claim",
        `Sent a claim of ${bytes} bytes: proxies cut headers near 8 kB, and the token is longer than its claims`,
        "Give coarser permissions to the roles, or let applications use introspection (preuserinfo) instead of long tokens",
      );
    }
    if (omitted > 0) {
      report(
        "omitted_values",
        `Left ${omitted} names out of a claim: its shape cannot carry names with white space, or ids with a colon`,
        "Rename them, or set PERMISSIONS_SHAPE to a shape that can carry them",
      );
    }
    if (replaced) {
      report(
        "replaced_claim",
        "Replaced the value that an earlier target gave to a claim: it does not have the shape of ours",
        "Give one of the two claims another name (PERMISSIONS_CLAIM, ROLES_CLAIM), or let both have the same shape",
      );
    }
  };
}

/** Most claims: their UTF-8 has as many bytes as they have characters. */
const ASCII = /^[ -~]*$/;
const encoder = new TextEncoder();

/** Returns the length of a text in UTF-8. */
function byteLength(text: string): number {
  return ASCII.test(text) ? text.length : encoder.encode(text).length;
}
