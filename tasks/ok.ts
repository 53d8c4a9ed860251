/** `deno task ok`: every check that a change must pass. */
import { parseArgs } from "node:util";
import { runTask } from "../harness/cli/task.ts";
import { tint } from "../harness/cli/terminal.ts";

const HELP =
  `Check everything: format, lint, types, documentation, tests. Stops at the first that fails.

Usage: deno task ok [--fix]

  --fix   mend the format and what lint can mend, before checking`;

await runTask(async (args) => {
  const { values } = parseArgs({
    args,
    options: { help: { type: "boolean" }, fix: { type: "boolean" } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  return await check(values.fix === true);
});

async function check(fix: boolean): Promise<number> {
  const documented = ["main.ts"];
  for (const folder of ["lib", "harness"]) await collect(folder, documented);

  const gates: Record<string, string[]> = {
    format: ["fmt", ...fix ? [] : ["--check"]],
    lint: ["lint", ...fix ? ["--fix"] : []],
    types: ["check", "."],
    documentation: ["doc", "--lint", ...documented],
    tests: ["task", "test"],
  };

  for (const [name, args] of Object.entries(gates)) {
    const begin = performance.now();
    const inherits = name === "tests";
    const { code, stdout, stderr } = await run(args, inherits);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1).padStart(6);
    const state = code === 0 ? tint("good", "ok    ") : tint("bad", "failed");
    console.log(`${state} ${name.padEnd(14)}${seconds} s`);
    if (code !== 0) {
      console.log(stdout + stderr);
      return 1;
    }
  }
  return 0;
}

async function run(args: string[], inherits: boolean) {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    stdout: inherits ? "inherit" : "piped",
    stderr: inherits ? "inherit" : "piped",
  });
  const decoder = new TextDecoder();
  if (inherits) {
    return { ...await command.spawn().status, stdout: "", stderr: "" };
  }
  const { code, stdout, stderr } = await command.output();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

async function collect(folder: string, files: string[]): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) await collect(path, files);
    else if (path.endsWith(".ts")) files.push(path);
  }
}
