import assert from "node:assert/strict";
import { dirname } from "node:path";
import { VERSION } from "../lib/services.ts";
import { anchorsIn, commandsIn, linksIn, loneOptionsIn } from "./_markdown.ts";
import { read, readSources, ROOT } from "./_source_files.ts";
import { tempFolder } from "./_temp_folder.ts";
import { helpOf, TASKS } from "./_tasks.ts";

const MAX_README_LINES = 200;

const WITH_SETUP_FOR_CUSTOMERS = [
  ...["README.md", "SECURITY.md"],
  ...["docs/multi-tenancy.md", "docs/consumers.md"],
];

/** Options of other programs that the documents name. */
const FOREIGN_OPTIONS = ["--profile", "--tunnel", "--unstable-kv"];

const documents = await readSources([""], /\.md$/);
const configurations = await readSources(
  [""],
  /(?:\.ya?ml|Containerfile|\.ci\/run)$/,
);

Deno.test("README.md has at most 200 lines", async () => {
  const lines = (await read("README.md")).trimEnd().split("\n");
  assert.ok(lines.length <= MAX_README_LINES, `${lines.length}`);
});

Deno.test("every document with the set-up for customers has all five parts, in the same words", async () => {
  const parts = await Promise.all(
    WITH_SETUP_FOR_CUSTOMERS.map(async (path) =>
      (await read(path)).match(/^\| C\d .* \|$/gm)!
        .map((row) => row.split("|").map((cell) => cell.trim()))
    ),
  );
  const names = parts[0]!.map(([, name]) => name);
  assert.deepEqual(names, ["C1", "C2", "C3", "C4", "C5"]);
  for (const rows of parts) assert.deepEqual(rows, parts[0]);
});

Deno.test("every link and source file that a document names leads to a file, and to its heading", async () => {
  const broken: string[] = [];
  let followed = 0;
  for (const [document, text] of documents) {
    const named = text.matchAll(
      /\b(?:tests|lib|harness|fixtures|examples)\/[\w./-]*\w\.(?:ts|jsonl?|mjs|yaml)\b/g,
    );
    const links = [
      ...linksIn(text).filter((it) => !/^[a-z]+:/.test(it))
        .map((link) => new URL(link, new URL(document, ROOT))),
      ...Array.from(named, ([path]) => new URL(path, ROOT)),
    ];
    for (const url of links) {
      followed++;
      const anchor = url.hash.slice(1);
      const leads = await Deno.stat(url).then(async () =>
        !anchor || anchorsIn(await Deno.readTextFile(url)).includes(anchor)
      ).catch(() => false);
      if (!leads) broken.push(`${document}: ${url}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(followed > 20, "the links are found");
});

Deno.test("every command that documents and messages name exists, with its options", async () => {
  const helps = new Map<string, string>();
  for (const name of Object.keys(TASKS)) helps.set(name, await helpOf(name));
  const has = (help: string, option: string) =>
    new RegExp(`${option}(?![a-z-])`).test(help);
  const folders = ["lib/", "harness/", "tasks/", "examples/"];
  const code = await readSources(folders, /\.(?:ts|m?js|tf)$/);
  const sources = [...documents, ...configurations, ...code];
  const wrong: string[] = [];
  let checked = 0;
  for (const [source, text] of sources) {
    for (const { task, options } of commandsIn(text)) {
      checked++;
      const help = helps.get(task);
      if (help === undefined) wrong.push(`${source}: deno task ${task}`);
      // These hand their options to `deno test`.
      else if (task.startsWith("test")) continue;
      for (const option of options) {
        if (help && !has(help, option)) {
          wrong.push(`${source}: deno task ${task} ${option}`);
        }
      }
    }
  }
  const all = [...helps.values(), ...FOREIGN_OPTIONS].join("\n");
  for (const [document, text] of documents) {
    for (const option of loneOptionsIn(text)) {
      if (!has(all, option)) wrong.push(`${document}: ${option}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(checked > 100, "the commands are found");
});

Deno.test("every file names the same version of Deno, and CHANGELOG.md this project's", async () => {
  const pattern = /\b(?:deno@|denoland\/deno:|deno-version: )(\d+\.\d+\.\d+)/g;
  const versions = [...documents, ...configurations].flatMap(([, text]) =>
    Array.from(text.matchAll(pattern), ([, version]) => version)
  );
  assert.equal(new Set(versions).size, 1);
  const heading = new RegExp(
    `^## \\[${VERSION}\\] - \\d{4}-\\d\\d-\\d\\d$`,
    "m",
  );
  assert.match(await read("CHANGELOG.md"), heading);
});

Deno.test(".ci/name writes owner and version into every file that names them, and nothing else", async () => {
  await using folder = await tempFolder();
  const files = [...documents, ...configurations].map(([path]) => path);
  files.push("deno.json", "roles.schema.json");
  for (const file of [...files, ".ci/name"]) {
    const copy = `${folder.path}/${file}`;
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.copyFile(new URL(file, ROOT), copy);
  }
  const command = new Deno.Command(`${folder.path}/.ci/name`, {
    args: ["acme", "9.8.7"],
  });
  assert.ok((await command.output()).success);
  let named = 0;
  for (const file of files) {
    const text = await Deno.readTextFile(`${folder.path}/${file}`);
    const names = text.matchAll(
      /\b([\w-]+)\/zitadel-permissions(?:(?:-operator)?[@:/]v?(\d+\.\d+\.\d+))?|rev: v(.*)|^ {2}"version": "(.*)"/gm,
    );
    for (const [found, owner = "acme", ...versions] of names) {
      named++;
      const version = versions.find(Boolean) ?? "9.8.7";
      assert.equal(`${owner} ${version}`, "acme 9.8.7", `${file}: ${found}`);
    }
    const before = text.replaceAll("acme/", "OWNER/")
      .replaceAll("9.8.7", VERSION);
    assert.equal(before, await read(file), file);
  }
  assert.ok(named >= 7, "the names are found");
});

Deno.test(".gitignore holds what has secrets: settings, databases, and Terraform's state with its backups", async () => {
  const patterns = new Set((await read(".gitignore")).split("\n"));
  const secret = ".env* *.env *.sqlite* *.tfstate *.tfstate.* .terraform/";
  assert.ok(patterns.isSupersetOf(new Set(secret.split(" "))));
});

Deno.test("every workflow has the least rights, pins its actions, and check.yml runs what .ci/run does", async () => {
  const workflows = await readSources([".github/workflows/"], /\.yml$/);
  for (const [file, text] of workflows) {
    assert.match(text, /^permissions:\n {2}contents: read\n\n/m, file);
    for (const [, action] of text.matchAll(/\buses: (.+)$/gm)) {
      assert.match(action!, /^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, file);
    }
  }
  const tasksIn = (text: string) =>
    new Set(Array.from(text.matchAll(/ task ([a-z:]+)/g), ([, it]) => it!));
  const own = tasksIn(await read(".ci/run"));
  const inPublic = tasksIn(await read(".github/workflows/check.yml"));
  assert.ok(own.size > 3, "the tasks are found");
  assert.deepEqual([...own.difference(inPublic)], []);
});
