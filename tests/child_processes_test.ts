import assert from "node:assert/strict";
import { readSources, withoutComments } from "./_source_files.ts";

/** What starts a program: Deno's class, node's functions, a browser's launch. */
const STARTS =
  /\bDeno\s*\.\s*Command\b|\b(?:startServer|spawn|spawnSync|exec|execSync|execFile|execFileSync|fork)\(|\.launch(?:PersistentContext)?\(/g;

/** This process's variables, given to nothing that picks some of them. */
const ALL_VARIABLES =
  /(?<!Environment\(\s*(?:\{\s*\.\.\.)?)Deno\s*\.\s*env\.toObject\b|\bprocess\.env\b/;

/** Reports each place that starts a program with variables that it does not name. */
function startsWithForeignVariables(source: string): string[] {
  const code = withoutComments(source);
  return [...code.matchAll(STARTS)].flatMap(({ 0: found, index }) => {
    if (code.slice(0, index).endsWith(".")) return []; // RegExp.exec()
    const call = argumentsFrom(code, index);
    const isCleared = !found.startsWith("Deno") ||
      /\bclearEnv: true\b/.test(call);
    const isNamed = isCleared && /\benv\s*[:,}]/.test(call) &&
      !ALL_VARIABLES.test(code);
    return isNamed ? [] : [found + call.slice(0, 60)];
  });
}

/** The text between the next parenthesis and the one that closes it. */
function argumentsFrom(code: string, start: number): string {
  const begin = code.indexOf("(", start);
  let depth = 0;
  for (let end = begin; end < code.length; end++) {
    if (code[end] === "(") depth++;
    if (code[end] === ")" && --depth === 0) return code.slice(begin, end + 1);
  }
  return code.slice(begin);
}

Deno.test("every child process of a command gets a cleared environment with named variables", async () => {
  const places = ["main.ts", "lib/", "harness/", "tasks/"];
  const sources = await readSources(places);
  const starts = sources.filter(([, it]) => it.includes("new Deno.Command("));
  assert.ok(starts.length > 5, "found no child process at all");
  const found = sources.flatMap(([file, source]) =>
    startsWithForeignVariables(source).map((it) => `${file}: ${it}`)
  );
  assert.deepEqual(found, []);
});

Deno.test("a child process with this process's environment is found", () => {
  const foreign = [
    "new Deno.Command(program, { args }).spawn()",
    "new Deno.Command(program, { args, env: { A: f(b) } }).output()",
    "new Deno.Command(program, { clearEnv: true, env: Deno.env.toObject() })",
    "new Deno.Command(program, { clearEnv: true, env: { ...Deno.env.toObject() } })",
    "const { Command } = Deno; const it = Deno.Command; new it(program)",
    "const env = Deno.env.toObject(); new Deno.Command(program, { clearEnv: true, env })",
    "spawn(program, args, { stdio })",
    "spawn(program, args, { env: { ...process.env } })",
    "await chromium.launch({ args })",
  ];
  for (const source of foreign) {
    assert.equal(startsWithForeignVariables(source).length, 1, source);
  }
});
