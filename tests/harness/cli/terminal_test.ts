import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatDiffLine } from "../../../harness/cli/diff.ts";
import {
  messageOf,
  printable,
  printed,
} from "../../../harness/cli/terminal.ts";

Deno.test("printable() escapes what can move the cursor or turn the text", () => {
  const names = "Acme GmbH, 株式会社, 👩‍🚀";
  assert.equal(
    printable(`${names}\x1b[31m\tc\0\x7f\x9b\u202e\u2066\u2028`),
    `${names}\\u{1b}[31m\\u{09}c\\u{00}\\u{7f}\\u{9b}\\u{202e}\\u{2066}\\u{2028}`,
  );
});

Deno.test("printed() keeps the colours of tint(), and escapes everything else", async () => {
  const evil = "\x1b[32mequal\x1b[0m\nok\u202e\u2028\x9b2J";
  const escaped =
    "\\u{1b}[32mequal\\u{1b}[0m\\u{0a}ok\\u{202e}\\u{2028}\\u{9b}2J";
  assert.equal(printed(evil), escaped);
  assert.equal(
    stripVTControlCharacters(
      printed(formatDiffLine({ sign: "+", text: evil })),
    ),
    `  + ${escaped}`,
  );
  const module = new URL("../../../harness/cli/terminal.ts", import.meta.url);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { printed, tint } from "${module}";
      const evil = ${JSON.stringify(evil)};
      console.log(JSON.stringify([printed(tint("bad", evil) + evil), tint("bad", "x")]));`,
    ],
    env: { FORCE_COLOR: "1", NO_COLOR: "" },
  }).output();
  const [line, mark] = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(line, `\x1b[31m${escaped}\x1b[39m${escaped}`);
  // The mark of another process is text like any other.
  assert.equal(stripVTControlCharacters(mark), "x");
  assert.ok(!printed(mark).includes("\x1b"));
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
