import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatDiffLine } from "../../../harness/cli/diff.ts";
import { printed } from "../../../harness/cli/terminal.ts";

Deno.test("printed() keeps the colours of tint(), and escapes everything else", async () => {
  const names = "Acme GmbH, 株式会社, 👩‍🚀";
  const evil = `\x1b[32m${names}\x1b[0m\n\0\x7fok\u202e\u2028\u2066\x9b2J`;
  const escaped =
    `\\u{1b}[32m${names}\\u{1b}[0m\\u{0a}\\u{00}\\u{7f}ok\\u{202e}\\u{2028}\\u{2066}\\u{9b}2J`;
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
