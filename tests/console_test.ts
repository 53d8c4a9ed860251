import assert from "node:assert/strict";
import { readSources, withoutComments } from "./_source_files.ts";

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

Deno.test("only the terminal's own files write to it, so that all text is escaped", async () => {
  const sources = await readSources(["harness/", "tasks/"]);
  const writers = sources
    .filter(([, text]) => WRITES.test(withoutComments(text)))
    .map(([file]) => file)
    .filter((file) => !file.startsWith("harness/inspector/page/"));
  assert.deepEqual(writers.sort(), Object.keys(WRITERS).sort());
});
