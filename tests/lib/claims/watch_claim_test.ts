import assert from "node:assert/strict";
import { createClaimWatch } from "../../../lib/claims/watch_claim.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";

function watched() {
  const log: LogEntry[] = [];
  const sizes: number[] = [];
  const watch = createClaimWatch({
    log: (entry) => void log.push(entry),
    telemetry: { claim: (bytes) => void sizes.push(bytes) },
  });
  return { watch, log, sizes };
}

const CLAIM = {
  name: "permissions",
  value: ["é"],
  omitted: 0,
  replaced: false,
};

Deno.test("watchClaim() measures the claim's JSON in bytes, and reports the long ones", () => {
  // Around the bound, around the size up to which counting allocates nothing, and far over it.
  for (const bytes of [6, 4_096, 4_097, 8_191, 8_192, 8_193, 1_000_000]) {
    const odd = "x".repeat(bytes % 2);
    const texts = ["x".repeat(bytes - 4), odd + "é".repeat((bytes - 4) >> 1)];
    for (const text of texts) {
      const { watch, log, sizes } = watched();
      watch({ ...CLAIM, value: [text] }, "1");
      const isLong = bytes > 4_096;
      assert.deepEqual(sizes, [bytes]);
      assert.deepEqual(
        log.map(({ reason, organization, bytes }) => [
          reason,
          organization,
          bytes,
        ]),
        isLong ? [["long_claim", "1", bytes]] : [],
      );
    }
  }
});

Deno.test("watchClaim() reports an organization's long claim once", () => {
  const { watch, log, sizes } = watched();
  const long = { ...CLAIM, value: ["x".repeat(5_000)] };
  for (const organization of ["1", "1", "2"]) watch(long, organization);
  assert.deepEqual(log.map(({ organization }) => organization), ["1", "2"]);
  assert.equal(sizes.length, 3);
});

Deno.test("watchClaim() reports names that were left out and values that were replaced, and quotes none", () => {
  const { watch, log } = watched();
  watch({ ...CLAIM, value: "canary", omitted: 2, replaced: true }, "1");
  watch({ ...CLAIM, name: "groups", value: [], omitted: 1 }, "1");
  assert.deepEqual(
    log.map(({ level, reason, claim }) => [level, reason, claim]),
    [
      ["warn", "omitted_values", "permissions"],
      ["warn", "replaced_value", "permissions"],
      ["warn", "omitted_values", "groups"],
    ],
  );
  for (const entry of log) {
    assert.ok(entry.remedy);
    assert.ok(!JSON.stringify(entry).includes("canary"));
  }
});
