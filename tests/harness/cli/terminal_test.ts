import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatDiffLine } from "../../../harness/cli/diff.ts";
import { messageOf, printable } from "../../../harness/cli/terminal.ts";

Deno.test("printable() escapes what can move the cursor or turn the text", () => {
  const cases: [string, string][] = [
    ["Acme GmbH, 株式会社, 👩‍🚀", "Acme GmbH, 株式会社, 👩‍🚀"],
    ["\x1b[31mred", "\\u{1b}[31mred"],
    ["a\nb\tc\0", "a\\u{0a}b\\u{09}c\\u{00}"],
    ["\x7f\x9b", "\\u{7f}\\u{9b}"],
    ["\u202eevil\u2066", "\\u{202e}evil\\u{2066}"],
    ["\u2028", "\\u{2028}"],
  ];
  for (const [text, expected] of cases) {
    assert.equal(printable(text), expected);
  }
});

Deno.test("formatDiffLine() escapes names from outside", () => {
  const line = formatDiffLine({ sign: "+", text: 'target "\x1b[2J"' });
  assert.equal(stripVTControlCharacters(line), '  + target "\\u{1b}[2J"');
});

Deno.test("messageOf() returns the cause of a failed request", () => {
  const cause = new Error(
    "error sending request for url (http://a/): client error (Connect): tcp connect error: Connection refused",
  );
  assert.equal(
    messageOf(new TypeError("fetch failed", { cause })),
    "tcp connect error: Connection refused",
  );
  assert.equal(messageOf(new Error("No")), "No");
  assert.equal(messageOf("text"), "text");
});
