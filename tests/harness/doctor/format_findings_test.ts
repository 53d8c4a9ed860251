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

Deno.test("formatFindings() prints each cause once, commands whole, names escaped, and counts in words that agree", () => {
  const command = `ZITADEL_HTTPCLIENT_DENYLIST=${"10.0.0.0/8,".repeat(30)}`;
  const findings = combineFindings([
    ...Array.from({ length: 16 }, (_, i) => hidden(`${i}`, `Customer ${i}`)),
    finding("address", "warning", "at 10.1.2.3", {
      items: ["Acme\u001b[2J"],
      fix: `${command}\nin ZITADEL's environment`,
    }),
    finding("interrupt", "note", "on"),
    finding("reachable", "ok", "answers"),
  ]);
  const text = formatFindings(findings, { all: false }).join("\n");
  assert.equal(text.match(/why /g)?.length, 3);
  assert.equal(text.match(/fix /g)?.length, 3);
  assert.match(text, /- Customer 9 \(9\)\n.*and 6 more\n/);
  assert.ok(text.includes(`${command}\n`));
  assert.match(text, /^warning +address: at 10\.1\.2\.3: Acme\\u\{1b\}\[2J$/m);
  assert.match(text, /\n2 warnings, 1 note, 1 ok$/);
  assert.doesNotMatch(text, /reachable/);
  const all = formatFindings(findings, { all: true });
  assert.ok(all.includes("ok       reachable: answers"));
  assert.deepEqual(formatFindings([], { all: false }), ["0 ok"]);
});
