import assert from "node:assert/strict";
import type { LogEntry } from "../../../lib/observability/log.ts";
import { reportExpiry } from "../../../lib/zitadel/credential_expiry.ts";
import { Clock } from "../_clock.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Reports a key that ends in so many days. */
function reported(days: number | undefined) {
  const clock = new Clock();
  const log: LogEntry[] = [];
  const expirationDate = days === undefined
    ? undefined
    : new Date(clock.now() + days * DAY_MS).toISOString();
  const key = { keyId: "1", key: "", userId: "2", expirationDate };
  reportExpiry({ kind: "jwt_profile", key, text: "" }, {
    ...clock,
    log: (entry) => void log.push(entry),
  });
  return { clock, log, expirationDate };
}

Deno.test("reportExpiry() reports a key from 14 days before its end, at once and daily", () => {
  const { clock, log, expirationDate } = reported(15);
  assert.equal(log.length, 0);
  clock.advance(DAY_MS);
  assert.equal(log.length, 0);
  clock.advance(DAY_MS);
  clock.advance(DAY_MS);
  assert.deepEqual(
    log.map(({ level, reason, days }) => [level, reason, days]),
    [["warn", "expiring_credential", 13], ["warn", "expiring_credential", 12]],
  );
  assert.equal(log[0]!.expires, expirationDate);
  assert.ok(log[0]!.remedy);

  assert.equal(reported(1).log.length, 1);
  assert.equal(reported(-1).log[0]?.days, -1);
});

Deno.test("reportExpiry() starts no timer for a credential that does not name its end", () => {
  const { clock, log } = reported(undefined);
  assert.equal(clock.timers, 0);
  reportExpiry({ kind: "personal_access_token", token: "a" }, {
    ...clock,
    log: (entry) => void log.push(entry),
  });
  assert.equal(clock.timers, 0);
  assert.deepEqual(log, []);
});
