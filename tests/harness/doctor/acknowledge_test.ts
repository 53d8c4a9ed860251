import assert from "node:assert/strict";
import {
  acknowledge,
  readAcknowledgements,
} from "../../../harness/doctor/acknowledge.ts";
import { finding } from "../../../harness/doctor/finding.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const entry = (
  check: "address" | "unmapped_role" | "canary",
  about: string,
) => ({ check, about, reason: "known" });

Deno.test("acknowledge() accepts what is named until its last day, no other item, and nothing broken", () => {
  const findings = [
    finding("canary", "broken", "https://a did not answer"),
    finding("address", "warning", "https://a is at 10.0.0.7"),
    finding("unmapped_role", "warning", "roles without an entry", {
      items: ["a of project Shop", "b of project Shop"],
    }),
  ];
  const given = [
    entry("canary", "https://a"),
    { ...entry("address", "10.0.0.7"), until: "2026-11-30" },
    entry("unmapped_role", "b of"),
  ];
  const judge = (now: number) =>
    acknowledge(findings, given, now).map((it) =>
      [it.check, it.level, it.acknowledged, ...it.items].join(" ")
    );
  const a = "unmapped_role warning  a of project Shop";
  const b = "unmapped_role note known b of project Shop";
  assert.deepEqual(judge(NOW), [
    "canary broken ",
    a,
    "address note known",
    b,
    "acknowledged note  canary: https://a",
  ]);
  assert.deepEqual(judge(NOW + 24 * 60 * 60 * 1_000), [
    "canary broken ",
    "address warning ",
    a,
    b,
    "acknowledged note  canary: https://a address: 10.0.0.7 (until 2026-11-30)",
  ]);
});

Deno.test("acknowledge() accepts whole words only", () => {
  const accepts = (about: string, seen = "https://a is at 10.0.0.7") =>
    acknowledge(
      [finding("address", "warning", seen)],
      [entry("address", about)],
      NOW,
    ).some(({ acknowledged }) => acknowledged !== undefined);
  for (const about of ["10.0.0.7", "https://a", "at 10.0.0.7"]) {
    assert.ok(accepts(about), about);
  }
  for (const about of ["0.0.0.7", "ttps://a", "https://a i", "(.*)"]) {
    assert.ok(!accepts(about), about);
  }
  assert.ok(!accepts("10.0.0.7", "https://a is at 10.0.0.77"));
});

Deno.test("readAcknowledgements() needs a reason, and a check that exists", async () => {
  const path = await Deno.makeTempFile();
  const read = async (content: unknown) => {
    await Deno.writeTextFile(path, JSON.stringify(content));
    return await readAcknowledgements(path);
  };
  const given = entry("address", "10.0.0.7");
  assert.deepEqual(await read([given]), [given]);
  for (
    const wrong of [
      {},
      [{ ...given, reason: "" }],
      [{ ...given, check: "adress" }],
      [{ check: "address", reason: "all of them" }],
      [{ ...given, until: "tomorrow" }],
    ]
  ) {
    await assert.rejects(read(wrong), /^SettingsError: Cannot use /);
  }
  await Deno.remove(path);
});
