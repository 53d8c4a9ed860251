import assert from "node:assert/strict";
import {
  createClaimWatch,
  LONG_CLAIM_BYTES,
} from "../../../lib/claims/watch_claim.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";

function watched() {
  const log: LogEntry[] = [];
  const sizes: [number, boolean][] = [];
  const watch = createClaimWatch({
    log: (entry) => void log.push(entry),
    telemetry: { claim: (bytes, isLarge) => void sizes.push([bytes, isLarge]) },
  });
  return { watch, log, sizes };
}

const CLAIM = {
  name: "permissions",
  value: ["é"],
  omitted: 0,
  replaced: false,
};

/** A list whose JSON has so many bytes. */
function listOf(bytes: number): string[] {
  return ["x".repeat(bytes - 4)];
}

Deno.test("watchClaim() measures the claim's JSON in bytes", () => {
  const { watch, log, sizes } = watched();
  watch(CLAIM, "1");
  assert.deepEqual(sizes, [[6, false]]);
  assert.equal(log.length, 0);
  // Around the size up to which counting allocates nothing, and far over it.
  for (const bytes of [8_191, 8_192, 8_193, 1_000_000]) {
    watch({ ...CLAIM, value: listOf(bytes) }, "1");
    assert.equal(sizes.at(-1)?.[0], bytes);
    watch({ ...CLAIM, value: ["é".repeat(bytes)] }, "1");
    assert.equal(sizes.at(-1)?.[0], 2 * bytes + 4);
  }
});

Deno.test("watchClaim() reports a long claim once for each organization", () => {
  const { watch, log, sizes } = watched();
  const small = { ...CLAIM, value: listOf(LONG_CLAIM_BYTES) };
  const large = { ...CLAIM, value: listOf(LONG_CLAIM_BYTES + 1) };
  watch(small, "1");
  assert.equal(log.length, 0);
  watch(large, "1");
  watch(large, "1");
  watch(large, "2");
  assert.deepEqual(
    log.map(({ reason, organization }) => [reason, organization]),
    [["long_claim", "1"], ["long_claim", "2"]],
  );
  assert.equal(log[0]!.bytes, LONG_CLAIM_BYTES + 1);
  assert.deepEqual(sizes.map(([, isLarge]) => isLarge), [
    false,
    true,
    true,
    true,
  ]);
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
