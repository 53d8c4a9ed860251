import assert from "node:assert/strict";
import { UsageError } from "../../../harness/cli/errors.ts";
import {
  numberFrom,
  oneOf,
  parseSeconds,
  parseUrl,
} from "../../../harness/cli/parse.ts";

Deno.test("parseSeconds() reads minutes and seconds", () => {
  const seconds = ["10", "10s", "1m", "1m30s"].map((text) =>
    parseSeconds(text, "--wait")
  );
  assert.deepEqual(seconds, [10, 10, 60, 90]);
  for (const text of ["", "0", "1h", "s", "-1"]) {
    assert.throws(() => parseSeconds(text, "--wait"), UsageError, text);
  }
});

Deno.test("numberFrom() accepts numbers within its bounds", () => {
  const parse = numberFrom(1, 5);
  assert.deepEqual(["1", "5"].map((text) => parse(text, "--n")), [1, 5]);
  for (const text of ["0", "6", "1.5", "", "x", "Infinity"]) {
    assert.throws(() => parse(text, "--n"), /--n .*from 1 to 5/, text);
  }
  assert.equal(numberFrom(0.1, 5, { isWhole: false })("1.5", "--n"), 1.5);
});

Deno.test("oneOf() and parseUrl() name what they expect", () => {
  assert.equal(oneOf(["us", "eu"])("eu", "--region"), "eu");
  assert.throws(() => oneOf(["us", "eu"])("a", "--region"), /expected us, eu/);
  assert.equal(parseUrl("https://a.example", "--url"), "https://a.example/");
  assert.throws(() => parseUrl("a.example", "--url"), UsageError);
  assert.throws(() => parseUrl("ftp://a.example", "--url"), UsageError);
});
