import { type FailureReason, remark } from "../errors.ts";
import type { Log } from "../observability/log.ts";
import type { Telemetry } from "../observability/telemetry.ts";
import { LruMap } from "../util/lru_map.ts";
import type { AddedClaim } from "./reply.ts";

/**
 * A claim over this size is reported, in bytes: a token travels in a header,
 * and proxies cut headers near 8 kB.
 */
export const LONG_CLAIM_BYTES = 4_096;

/** For how many organizations and reasons a report is remembered, so that it is made once. */
const REMEMBERED = 10_000;

/**
 * Creates the watch of sent claims. It measures each, and reports what an
 * operator should know about it, once for each organization.
 */
export function createClaimWatch({ log, telemetry }: {
  readonly log: Log;
  readonly telemetry: Pick<Telemetry, "claim"> | undefined;
}) {
  const reported = new LruMap<true>(REMEMBERED);
  /** Takes a claim that was sent, and the organizations whose mapping it came from. */
  return function watchClaim(
    { name, value, omitted, replaced }: AddedClaim,
    organization: string,
  ): void {
    const bytes = byteLength(JSON.stringify(value));
    const isLong = bytes > LONG_CLAIM_BYTES;
    telemetry?.claim(bytes);
    const report = (
      reason: FailureReason,
      message: string,
      fields: Record<string, number> = {},
    ) => {
      const key = JSON.stringify([reason, name, organization]);
      if (reported.get(key)) return;
      reported.set(key, true);
      log(remark(reason, message, { organization, claim: name, ...fields }));
    };
    if (isLong) {
      report(
        "long_claim",
        "Sent a long claim: proxies cut headers near 8 kB, and the token is longer than its claims",
        { bytes },
      );
    }
    if (omitted > 0) {
      report(
        "omitted_values",
        "Left names out of a claim: its shape cannot carry names with white space, or ids with a colon",
        { omitted },
      );
    }
    if (replaced) {
      report(
        "replaced_value",
        "Replaced the value that an earlier target gave to a claim: it does not have the shape of ours",
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
