import assert from "node:assert/strict";
import { completeFix } from "../../../harness/doctor/complete_fix.ts";
import type { TargetFacts } from "../../../harness/doctor/facts.ts";
import { combineFindings, finding } from "../../../harness/doctor/finding.ts";
import { formatFindings } from "../../../harness/doctor/format_findings.ts";

const hidden = (id: string, name: string) =>
  finding("org_read", "warning", "not readable by the service user", {
    items: [`${name} (${id})`],
    organizations: [id],
  });

Deno.test("combineFindings() makes one finding of a cause, and puts the worst first", () => {
  const found = combineFindings([
    finding("interrupt", "note", "on"),
    hidden("1", "Acme"),
    finding("canary", "broken", "refused"),
    hidden("2", "Beta"),
    finding("reachable", "ok", "answers"),
  ]);
  assert.deepEqual(found.map(({ level, check }) => `${level} ${check}`), [
    "broken canary",
    "warning org_read",
    "note interrupt",
    "ok reachable",
  ]);
  assert.deepEqual(found[1]!.items, ["Acme (1)", "Beta (2)"]);
});

Deno.test("completeFix() completes --org with the ids that are known", () => {
  const fixOf = (...organizations: string[]) => {
    const seen = "roles without an entry";
    const where = { items: ["viewer"], organizations };
    const facts = {} as TargetFacts;
    const given = { facts: { ...facts, config: {} as never }, envFile: "a b" };
    const found = finding("unmapped_role", "warning", seen, where);
    return completeFix(found, given).fix!;
  };
  const setup = "deno task setup --env-file 'a b'";
  const roles = "--roles roles.json\n";
  assert.ok(fixOf().startsWith(`${setup} --org ID ${roles}`));
  assert.ok(fixOf("1").startsWith(`${setup} --org 1 ${roles}`));
  assert.match(fixOf("1", "2"), /--org 1 [^]*for each of the 2 organizations$/);
});

Deno.test("formatFindings() prints why and fix once, a command on a line of its own", () => {
  const organizations = Array.from(
    { length: 16 },
    (_, index) => hidden(String(index), `Customer ${index}`),
  );
  const lines = formatFindings(combineFindings(organizations), { all: false });
  const text = lines.join("\n");
  assert.equal(text.match(/why /g)?.length, 1);
  assert.equal(text.match(/fix /g)?.length, 1);
  assert.match(text, /- Customer 9 \(9\)\n.*and 6 more\n/);
  assert.match(text, /\n1 warning, 0 ok$/);
  assert.ok(lines.length < 20, text);
});

Deno.test("formatFindings() keeps a command whole and escapes names", () => {
  const command = `ZITADEL_HTTPCLIENT_DENYLIST=${"10.0.0.0/8,".repeat(30)}`;
  const found = finding("address", "warning", "at 10.1.2.3", {
    items: ["Acme\u001b[2J"],
    fix: `${command}\nin ZITADEL's environment`,
  });
  const lines = formatFindings([found], { all: false });
  assert.ok(lines.some((line) => line.includes(command)));
  assert.ok(!lines.join("").includes("\u001b[2J"));
  assert.match(lines.join("\n"), /Acme\\u\{1b\}/);
});

Deno.test("formatFindings() counts in words that agree", () => {
  const counts = (...levels: ("note" | "warning" | "broken" | "ok")[]) =>
    formatFindings(
      levels.map((level) => finding("mapping", level, level)),
      { all: false },
    ).at(-1);
  assert.equal(counts("ok"), "1 ok");
  assert.equal(counts("note", "warning", "ok"), "1 warning, 1 note, 1 ok");
  assert.equal(
    counts("note", "note", "warning", "warning", "broken"),
    "1 broken, 2 warnings, 2 notes, 0 ok",
  );
});
