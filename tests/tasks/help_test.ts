import assert from "node:assert/strict";
import type { Task } from "../../harness/cli/task.ts";
import { createTestIo } from "../harness/_test_io.ts";

const ROOT = new URL("../../", import.meta.url);

const { tasks: commands }: { tasks: Record<string, string> } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
);

/** The file that a command of deno.json runs, and the task that it exports. */
async function load(command: string): Promise<Task> {
  const file = command.split(" ").at(-1)!;
  const [task] = Object.values(await import(new URL(file, ROOT).href));
  return task as Task;
}

/** Sections in the order in which every help has them. */
const ORDER = ["Examples", "Options", "Environment", "Exit codes"];

for (const [name, command] of Object.entries(commands)) {
  Deno.test(`${name} --help has one sentence, then examples, options and exit codes, in 80 columns`, async () => {
    const task = await load(command);
    assert.equal(task.name, name);
    const { io, printed } = createTestIo();
    assert.equal(await task.run(["--help"], io), 0);
    const help = printed();
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
  for (const [name, command] of Object.entries(commands)) {
    if (name.startsWith("test")) continue;
    const { io, errors } = createTestIo();
    const task = await load(command);
    assert.equal(await task.run(["--nonsense"], io), 64, name);
    assert.equal(
      errors(),
      `error: Unknown option '--nonsense'; see \`deno task ${name} --help\``,
    );
  }
});

Deno.test("every file in tasks/ is a command, and short", async () => {
  const named = Object.values(commands).map((it) => it.split(" ").at(-1));
  for await (const { name } of Deno.readDir(new URL("tasks", ROOT))) {
    assert.ok(named.includes(`tasks/${name}`), name);
    const text = await Deno.readTextFile(new URL(`tasks/${name}`, ROOT));
    assert.ok(text.split("\n").length < 100, name);
  }
});
