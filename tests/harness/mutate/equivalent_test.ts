import assert from "node:assert/strict";
import { EQUIVALENT, explain } from "../../../harness/mutate/equivalent.ts";
import { generateMutants } from "../../../harness/mutate/generate_mutants.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("explain() finds a change by its file and its lines", () => {
  const source = "function f() {\n  return a < b;\n}\n";
  const mutant = generateMutants("lib/a.ts", source)
    .find(({ operator }) => operator === "comparison")!;
  const known = {
    file: "lib/a.ts",
    before: "return a < b;",
    after: "return a <= b;",
    reason: "a and b differ",
  };
  assert.equal(explain(source, mutant, [known]), known);
  for (
    const other of [
      { file: "lib/b.ts" },
      { before: "return a > b;" },
      { after: "return a >= b;" },
    ]
  ) {
    assert.equal(explain(source, mutant, [{ ...known, ...other }]), undefined);
  }
});

Deno.test("EQUIVALENT lists only changes that lib/ still allows", async () => {
  for (const known of EQUIVALENT) {
    const source = await Deno.readTextFile(new URL(known.file, ROOT));
    const isPossible = generateMutants(known.file, source)
      .some((mutant) => explain(source, mutant, [known]));
    assert.ok(isPossible, `${known.file}: ${known.after}`);
  }
});
