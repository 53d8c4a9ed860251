import assert from "node:assert/strict";
import { readSources } from "../_source_files.ts";
import { fileOf, helpOf, loadTask, TASKS } from "../_tasks.ts";
import { run } from "./_run.ts";

/** Sections in the order in which every help has them. */
const ORDER = ["Examples", "Options", "Environment", "Exit codes"];

// Before the tests: what a module starts while it loads, on a busy machine for
// longer than the test that loads it, is no leak of that test.
for (const name of Object.keys(TASKS)) await loadTask(name);

for (const [name, { description }] of Object.entries(TASKS)) {
  Deno.test(`${name} --help has one sentence, then examples, options and exit codes, in 80 columns`, async () => {
    assert.match(description, /^[A-Z].*[^.]$/, "the description");
    assert.equal((await loadTask(name)).name, name);
    const help = await helpOf(name);
    assert.match(help, /^[A-Z][a-z]+s [^.]*(?:\.\w[^.]*)*[.]\n\nExamples:\n/);
    assert.match(help, new RegExp(`deno task (?:--tunnel )?${name}\\b`));
    const sections = [...help.matchAll(/^([A-Z][a-z ]+):$/gm)]
      .map(([, title]) => title!);
    assert.deepEqual(
      sections,
      ORDER.filter((title) => sections.includes(title)),
    );
    assert.match(
      help,
      /^ {2}0 .*\n(?:.*\n)* {2}2 .*\n(?:.*\n)* {2}64 .*\n {2}70 .*\n {2}130 /m,
    );
    const wide = help.split("\n").filter((line) => line.length > 80);
    assert.deepEqual(wide, []);
  });
}

Deno.test("every task refuses an unknown option, unless it forwards it", async () => {
  for (const name of Object.keys(TASKS)) {
    if (name.startsWith("test")) continue;
    const { code, stderr } = await run(name, ["--nonsense"]);
    assert.equal(code, 64, name);
    assert.equal(
      stderr,
      `error: Unknown option '--nonsense'; see \`deno task ${name} --help\``,
    );
  }
});

Deno.test("every task that reads an env file refuses one that does not exist, but setup", async () => {
  const refusing: string[] = [];
  for (const name of Object.keys(TASKS)) {
    if (!(await helpOf(name)).includes("--env-file")) continue;
    const { stderr } = await run(name, ["--env-file", "/none/typo.env"]);
    const isRefused = stderr.startsWith(
      "error: --env-file: there is no file /none/typo.env;",
    );
    assert.equal(isRefused, name !== "setup", `${name}: ${stderr}`);
    refusing.push(name);
  }
  assert.ok(refusing.length >= 10, `${refusing}`);
});

Deno.test("every file in tasks/ is a command, and short", async () => {
  const named = Object.values(TASKS).map(fileOf);
  for (const [path, text] of await readSources(["tasks/"])) {
    assert.ok(named.includes(path), path);
    assert.ok(text.split("\n").length < 100, path);
  }
});

Deno.test("no task has all permissions, or a flag beside its set, except for the browser's driver", () => {
  // The driver reads files that Deno guards by all permissions.
  const others = Object.entries(TASKS).filter(([, { command }]) =>
    !/^deno run --quiet (?:--no-prompt )?-P=\w+ tasks\/\w+\.ts$/.test(command)
  );
  assert.deepEqual(others.map(([name]) => name), ["test:browser"]);
});
