import assert from "node:assert/strict";
import {
  acknowledge,
  readAcknowledgements,
} from "../../../harness/doctor/acknowledge.ts";
import { finding } from "../../../harness/doctor/finding.ts";
import { formatFindings } from "../../../harness/doctor/format_findings.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const PRIVATE = finding("address", "warning", "https://a is at 10.0.0.7");
const UNMAPPED = finding("unmapped_role", "warning", "roles without an entry", {
  items: ["a of project Shop", "b of project Shop"],
});
const entry = (
  check: "address" | "unmapped_role" | "canary",
  about: string,
) => ({
  ...{ check, about },
  reason: "known",
});

Deno.test("acknowledge() accepts what is named, and no other item", () => {
  const findings = acknowledge(
    [PRIVATE, UNMAPPED],
    [entry("address", "10.0.0.7"), entry("unmapped_role", "b of")],
    NOW,
  );
  assert.deepEqual(
    findings.map(({ check, level, items }) => [check, level, ...items]),
    [
      ["unmapped_role", "warning", "a of project Shop"],
      ["address", "note"],
      ["unmapped_role", "note", "b of project Shop"],
    ],
  );
  const text = formatFindings(findings, { all: false }).join("\n");
  assert.equal(text.match(/acknowledged: known/g)?.length, 2);
});

Deno.test("acknowledge() accepts whole words only", () => {
  const accepts = (about: string, found = PRIVATE) =>
    acknowledge([found], [entry("address", about)], NOW)
      .some(({ acknowledged }) => acknowledged !== undefined);
  for (const about of ["10.0.0.7", "https://a", "at 10.0.0.7"]) {
    assert.ok(accepts(about), about);
  }
  for (const about of ["0.0.0.7", "ttps://a", "https://a i", "(.*)"]) {
    assert.ok(!accepts(about), about);
  }
  const other = finding("address", "warning", "https://a is at 10.0.0.77");
  assert.ok(!accepts("10.0.0.7", other));
});

Deno.test("acknowledge() accepts nothing that is broken, or after its last day", () => {
  const broken = finding("canary", "broken", "https://a did not answer");
  const last = { ...entry("address", "10.0.0.7"), until: "2026-11-30" };
  const levels = (now: number) =>
    acknowledge([broken, PRIVATE], [entry("canary", "https://a"), last], now)
      .map(({ check, level }) => `${check} ${level}`);
  assert.deepEqual(levels(NOW), [
    "canary broken",
    "address note",
    "acknowledged note",
  ]);
  assert.deepEqual(levels(NOW + 24 * 60 * 60 * 1_000).slice(0, 2), [
    "canary broken",
    "address warning",
  ]);
});

Deno.test("acknowledge() names what is not seen any more", () => {
  const findings = acknowledge([], [entry("address", "10.0.0.7")], NOW);
  assert.deepEqual(findings.map(({ items }) => items), [["address: 10.0.0.7"]]);
});

Deno.test("readAcknowledgements() needs a reason, and a check that exists", async () => {
  const path = await Deno.makeTempFile();
  const read = async (content: unknown) => {
    await Deno.writeTextFile(path, JSON.stringify(content));
    return await readAcknowledgements(path);
  };
  const [given] = [entry("address", "10.0.0.7")];
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
