import assert from "node:assert/strict";
import { formatTable } from "../../../harness/cli/table.ts";

Deno.test("formatTable() puts names to the left and figures to the right", () => {
  assert.deepEqual(
    formatTable([
      ["", "requests/s", "ratio"],
      ["floor", "25,000", "1.00"],
      ["function", "9", "0.91"],
    ]),
    [
      "             requests/s   ratio",
      "  floor          25,000    1.00",
      "  function            9    0.91",
    ],
  );
});
