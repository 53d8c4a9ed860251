import assert from "node:assert/strict";
import { confirm } from "../../../harness/cli/confirm.ts";
import { createTestIo } from "../_test_io.ts";

/** What is answered, `--yes`, `--json`, the result, and what is said. */
const CASES: [boolean | undefined, boolean, boolean, boolean, RegExp][] = [
  [true, false, false, true, /^$/],
  [false, false, false, false, /^Nothing was changed$/],
  [undefined, false, false, false, /no terminal to confirm on\. Use --yes$/],
  [true, false, true, false, /Use --yes$/],
  [false, true, true, true, /^$/],
];

Deno.test("confirm() asks, unless --yes is given or a program reads", () => {
  for (const [answer, yes, json, expected, says] of CASES) {
    const { io, errors } = createTestIo({ answer });
    assert.equal(confirm(io, "Do it?", { yes, json }), expected);
    assert.match(errors(), says);
  }
});
