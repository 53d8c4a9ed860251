import assert from "node:assert/strict";
import { ROOT, sourceFiles } from "./_source_files.ts";

/** Who writes to the terminal by itself, and why nothing from outside is in it. */
const WRITERS: Readonly<Record<string, string>> = {
  "harness/cli/deno_version.ts": "a fixed text and Deno's own version",
  "harness/cli/io.ts": "escapes each line",
  "harness/cli/progress.ts": "escapes the text",
  "harness/cli/terminal.ts": "escapes the question",
  "harness/test/run_tests.ts": "writes two counts",
  "harness/sandbox/oidc_provider.ts": "silences a library's warnings",
};

const WRITES =
  /\bconsole\s*(?:\.\w|\[)|\bDeno\.(?:stdout|stderr)\.(?!isTerminal\b)|\bprocess\.(?:stdout|stderr)\b|(?<![\w.])(?:prompt|alert)\(|\bglobalThis\.(?:prompt|alert|confirm|console)\b|\bstyleText\b/;

function writes(source: string): boolean {
  return WRITES.test(source.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, ""));
}

Deno.test("only the terminal's own files write to it, so that all text is escaped", async () => {
  const writers: string[] = [];
  for (const file of await sourceFiles(["harness/", "tasks/"])) {
    if (file.startsWith("harness/inspector/page/")) continue;
    const source = await Deno.readTextFile(new URL(file, ROOT));
    if (writes(source)) writers.push(file);
  }
  assert.deepEqual(writers.sort(), Object.keys(WRITERS).sort());
});

Deno.test("a file that writes to the terminal by itself is found", () => {
  for (
    const source of [
      "console.log(name)",
      "const note = console.error;",
      "await Deno.stdout.write(bytes)",
      "process.stderr.write(name)",
      "const it = prompt(name)",
    ]
  ) {
    assert.ok(writes(source), source);
  }
  assert.ok(!writes("Deno.stdout.isTerminal()"));
});
