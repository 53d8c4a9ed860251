import assert from "node:assert/strict";
import { confirm } from "../../../harness/cli/confirm.ts";
import { createTestIo } from "../_test_io.ts";

Deno.test("confirm() asks, unless --yes is given or a program reads", () => {
  const cases = [
    { answer: true, yes: false, json: false, expected: true, says: /^$/ },
    {
      answer: false,
      yes: false,
      json: false,
      expected: false,
      says: /^Nothing was changed$/,
    },
    {
      answer: undefined,
      yes: false,
      json: false,
      expected: false,
      says: /no terminal to confirm on\. Use --yes$/,
    },
    {
      answer: true,
      yes: false,
      json: true,
      expected: false,
      says: /Use --yes$/,
    },
    { answer: false, yes: true, json: true, expected: true, says: /^$/ },
  ];
  for (const { answer, yes, json, expected, says } of cases) {
    const { io, errors } = createTestIo({ answer });
    assert.equal(confirm(io, "Do it?", { yes, json }), expected);
    assert.match(errors(), says);
  }
});
