import assert from "node:assert/strict";
import type { Task } from "../harness/cli/task.ts";
import { createTestIo } from "./harness/_test_io.ts";
import {
  anchorsIn,
  commandsIn,
  filesEndingIn,
  linksIn,
  loneOptionsIn,
} from "./_markdown.ts";
import { REMEDIES, STATUS } from "../lib/errors.ts";
import { EXIT } from "../harness/cli/exit.ts";
import { ROOT } from "./_source_files.ts";

const MAX_README_LINES = 200;

/** Options of other programs that the documents name. */
const FOREIGN_OPTIONS = new Set(["--tunnel", "--unstable-kv"]);

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

const documents = await filesEndingIn([".md"]);

const { tasks }: { tasks: Record<string, string> } = JSON.parse(
  await read("deno.json"),
);

/** Returns the help of each task. */
async function readHelps(): Promise<Map<string, string>> {
  const helps = new Map<string, string>();
  for (const [name, command] of Object.entries(tasks)) {
    const file = command.split(" ").at(-1)!;
    const [task] = Object.values(await import(new URL(file, ROOT).href));
    const { io, printed } = createTestIo();
    await (task as Task).run(["--help"], io);
    helps.set(name, printed());
  }
  return helps;
}

/** Reports whether a help names an option. */
function hasOption(help: string, option: string): boolean {
  return new RegExp(`${option}(?![a-z-])`).test(help);
}

Deno.test("README.md has at most 200 lines", async () => {
  const lines = (await read("README.md")).trimEnd().split("\n").length;
  assert.ok(lines <= MAX_README_LINES, `${lines} lines`);
});

Deno.test("every relative link in the documents leads to a file, and to a heading of it", async () => {
  const broken: string[] = [];
  let followed = 0;
  for (const document of documents) {
    for (const link of linksIn(await read(document))) {
      if (/^[a-z]+:/.test(link)) continue;
      followed++;
      const [path, anchor] = link.split("#");
      const url = new URL(
        path || document.split("/").at(-1)!,
        new URL(document, ROOT),
      );
      const text = await Deno.readTextFile(url).catch(() => undefined);
      if (text === undefined) {
        const isThere = await Deno.stat(url).then(() => true, () => false);
        if (!isThere) broken.push(`${document}: ${link}`);
      } else if (anchor && !anchorsIn(text).has(anchor)) {
        broken.push(`${document}: ${link}`);
      }
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(followed > 20, "the links are found");
});

Deno.test("every command that documents and messages name exists, with its options", async () => {
  const helps = await readHelps();
  const sources = await filesEndingIn([
    ".md",
    ".yaml",
    ".yml",
    "Containerfile",
  ]);
  for (const folder of ["lib/", "harness/", "tasks/", "examples/"]) {
    sources.push(...await filesEndingIn([".ts", ".js", ".mjs", ".tf"], folder));
  }
  const wrong: string[] = [];
  let checked = 0;
  for (const source of sources) {
    for (const { task, options } of commandsIn(await read(source))) {
      checked++;
      const help = helps.get(task);
      if (help === undefined) wrong.push(`${source}: deno task ${task}`);
      for (const option of options) {
        if (help === undefined || hasOption(help, option)) continue;
        wrong.push(`${source}: deno task ${task} ${option}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(checked > 100, "the commands are found");
});

Deno.test("every option that a document names alone belongs to a command", async () => {
  const helps = [...(await readHelps()).values()].join("\n");
  const wrong: string[] = [];
  for (const document of documents) {
    for (const option of loneOptionsIn(await read(document))) {
      if (FOREIGN_OPTIONS.has(option) || hasOption(helps, option)) continue;
      wrong.push(`${document}: ${option}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("every source file that a document names exists", async () => {
  const wrong: string[] = [];
  for (const document of documents) {
    for (
      const [path] of (await read(document)).matchAll(
        /\b(?:tests|lib|harness|fixtures|examples)\/[\w./-]*\w\.(?:ts|json|jsonl|mjs|yaml)\b/g,
      )
    ) {
      const isThere = await Deno.stat(new URL(path, ROOT)).then(
        () => true,
        () => false,
      );
      if (!isThere) wrong.push(`${document}: ${path}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("docs/troubleshooting.md explains every reason of the log", async () => {
  const table = await read("docs/troubleshooting.md");
  const missing = Object.keys(REMEDIES).filter((it) =>
    !table.includes(`\`${it}\``)
  );
  assert.deepEqual(missing, []);
});

Deno.test("docs/operations.md lists every error code with its status", async () => {
  const rows = (await read("docs/operations.md")).split("\n");
  for (const [code, status] of Object.entries(STATUS)) {
    const row = rows.find((it) =>
      it.startsWith("|") && it.includes(`\`${code}\``)
    );
    assert.match(row?.split("|")[1] ?? "", new RegExp(String(status)), code);
  }
});

Deno.test("README.md lists every exit code", async () => {
  const codes = (await read("README.md")).matchAll(/^\| (\d+) +\|/gm);
  assert.deepEqual(
    Array.from(codes, ([, code]) => Number(code)),
    Object.values(EXIT),
  );
});

Deno.test("every file names the same version of Deno", async () => {
  const files = [
    ...documents,
    ...await filesEndingIn([".yml", ".yaml", "Containerfile", ".ci/run"]),
  ];
  const versions = new Map<string, string>();
  const pattern =
    /\bdeno@(\d+\.\d+\.\d+)|denoland\/deno:(\d+\.\d+\.\d+)|deno-version: (\d+\.\d+\.\d+)/g;
  for (const file of files) {
    for (const [, ...found] of (await read(file)).matchAll(pattern)) {
      versions.set(found.find(Boolean)!, file);
    }
  }
  assert.equal(versions.size, 1, [...versions].join("\n"));
});
