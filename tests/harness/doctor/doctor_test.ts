import assert from "node:assert/strict";
import { type CheckId, CHECKS } from "../../../harness/doctor/checks.ts";
import type { GatherOptions } from "../../../harness/doctor/gather.ts";
import {
  collect,
  type Finding,
  finding,
  type Level,
  outcomeOf,
} from "../../../harness/doctor/finding.ts";
import {
  judgeClock,
  judgeTls,
} from "../../../harness/doctor/judge_instance.ts";
import { SETTINGS } from "../../../lib/config/settings.ts";
import { FAULTS, partsOf } from "./_faults.ts";
import { examine, soundInstance } from "./_sound_instance.ts";

/** Told of every instance: how long a permission lives on, and who may change it. */
const EVERYWHERE: readonly CheckId[] = ["revocation", "writers", "managers"];

/** Settings that must not be in what people paste into an issue. */
const SECRETS = [
  ...Object.entries(SETTINGS).filter(([, setting]) => "secret" in setting)
    .map(([name]) => name),
  "ZITADEL_ADMIN_TOKEN",
];

function requireNoSecret(
  findings: readonly Finding[],
  settings: GatherOptions["settings"],
): void {
  const output = JSON.stringify(findings);
  const secrets = SECRETS.map((name) => settings[name] ?? "")
    // A fault such as a broken value is short, and a part of other words.
    .filter((secret) => secret.length > 8);
  assert.ok(secrets.length > 0, "there are secrets to look for");
  for (const secret of secrets) {
    for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
      assert.ok(!output.includes(form), `a secret is in ${output}`);
    }
  }
}

Deno.test("doctor finds nothing wrong on a sound instance, each fault, and tells no secret", async (t) => {
  await using it = await soundInstance();
  const sound = await examine(it);
  const notWell = sound.filter(({ level, check }) =>
    level !== "ok" && !EVERYWHERE.includes(check)
  );
  assert.deepEqual(notWell, []);
  assert.equal(outcomeOf(sound), "done");

  for (const { name, check, level, make } of FAULTS) {
    await t.step(name, async () => {
      const options = make(partsOf(it)) ?? {};
      const findings = await examine(it, options);
      it.restore();
      const found = findings.find((finding) =>
        finding.check === check && finding.level === level
      );
      assert.ok(found, `not in ${JSON.stringify(findings)}`);
      assert.ok(level === "ok" || found.why && found.fix);
      requireNoSecret(findings, options.settings ?? it.settings);
    });
  }
});

Deno.test("every check of the doctor is provoked by a test", () => {
  const elsewhere: CheckId[] = [
    "release",
    "tls",
    "clock",
    "metadata",
    "revocation",
    // See writers_test.ts.
    "writers",
    "managers",
    // See acknowledge_test.ts.
    "acknowledged",
    "live",
    // The sandbox has nothing that is deactivated: see deactivated_test.ts.
    "deactivated",
    // See judge_deno_test.ts.
    "deno",
    // See customers_test.ts.
    "impersonation",
  ];
  const provoked = [...FAULTS.map(({ check }) => check), ...elsewhere];
  assert.deepEqual(
    Object.keys(CHECKS).filter((check) => !provoked.includes(check as CheckId)),
    [],
  );
});

Deno.test("judgeClock() compares with what the signature tolerates", () => {
  const levels = [0.4, -29, 31, -299, 300, -4000].map((seconds) =>
    collect((report) => judgeClock("its", seconds, report))[0]!.level
  );
  assert.deepEqual(
    levels,
    ["ok", "ok", "warning", "warning", "broken", "broken"],
  );
  assert.equal(
    collect((report) => judgeClock("its", -4000, report))[0]!.seen,
    "its clock is 4000 s behind this machine's",
  );
});

Deno.test("judgeTls() warns of plain http beyond this machine only", () => {
  const levels = [
    "https://a.example",
    "http://localhost:8080",
    "http://127.0.0.1",
    "http://a.example",
    "http://127.0.0.1.a.example",
  ].map((address) =>
    collect((report) => judgeTls("it", address, report))[0]!.level
  );
  assert.deepEqual(levels, ["ok", "ok", "ok", "warning", "warning"]);
});

Deno.test("outcomeOf() is that of the worst finding", () => {
  const of = (...levels: Level[]) =>
    outcomeOf(levels.map((level) => finding("mapping", level, "")));
  assert.deepEqual(
    [of("ok", "note"), of("note", "warning"), of("warning", "broken")],
    ["done", "warnings", "failed"],
  );
});
