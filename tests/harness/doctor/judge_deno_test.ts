import assert from "node:assert/strict";
import { collect } from "../../../harness/doctor/finding.ts";
import { judgeDeno } from "../../../harness/doctor/judge_deno.ts";

function levelsOf(deno: string | undefined, now: string): string[] {
  const identity = { process: "1", version: "0.2.0", credential: "2", deno };
  const result = {
    verdict: "accepted" as const,
    accepted: true,
    status: 200,
    seen: "",
    milliseconds: 1,
    skewSeconds: 0,
    identity,
  };
  const canaries = [{ endpoint: "https://a/", target: undefined, result }];
  return collect((report) =>
    judgeDeno({ canaries, now: Date.parse(now) }, report)
  ).map(({ level, seen }) => `${level}: ${seen}`);
}

Deno.test("judgeDeno() warns of a minor release that has had no fixes for half a year", () => {
  assert.deepEqual(levelsOf("2.9.6", "2027-03-05"), [
    "warning: https://a/ runs on Deno 2.9.6, a minor release of 2026-06-25",
  ]);
});

Deno.test("judgeDeno() says nothing of a recent, a newer or an unknown release", () => {
  assert.deepEqual(levelsOf("2.9.6", "2027-03-03"), []);
  assert.deepEqual(levelsOf("2.10.0", "2030-01-01"), []);
  assert.deepEqual(levelsOf(undefined, "2030-01-01"), []);
});
