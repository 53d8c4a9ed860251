import assert from "node:assert/strict";
import { EXIT } from "../harness/cli/exit.ts";
import { SETTINGS } from "../lib/config/settings.ts";
import { REMEDIES, STATUS } from "../lib/errors.ts";
import { VERSION } from "../lib/services.ts";
import {
  anchorsIn,
  commandsIn,
  filesEndingIn,
  linksIn,
  loneOptionsIn,
} from "./_markdown.ts";
import { readSettingsTable } from "./_settings_table.ts";
import { ROOT } from "./_source_files.ts";
import { helpOf, TASKS } from "./_tasks.ts";

const MAX_README_LINES = 200;

/** Options of other programs that the documents name. */
const FOREIGN_OPTIONS = ["--profile", "--tunnel", "--unstable-kv"];

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

/** Reads the files with these endings: each path and text. */
async function readAll(endings: readonly string[], folder?: string) {
  const files = await filesEndingIn(endings, folder);
  return Promise.all(
    files.map(async (path) => [path, await read(path)] as const),
  );
}

const documents = await readAll([".md"]);
const configurations = await readAll([
  ".yml",
  ".yaml",
  "Containerfile",
  ".ci/run",
]);
const readme = await read("README.md");

Deno.test("README.md has at most 200 lines", () => {
  assert.ok(readme.trimEnd().split("\n").length <= MAX_README_LINES);
});

Deno.test("README.md describes every setting with its default, and no other", () => {
  const rows = readSettingsTable(readme);
  assert.deepEqual(
    rows.map(([name, value]) => [name, value!.replaceAll("`", "")]),
    Object.entries(SETTINGS).map(([name, it]) => [`\`${name}\``, it.default]),
  );
  for (const row of rows) assert.match(row[2]!, /\S{2,}.* \S/, row.join(" | "));
});

Deno.test("README.md and docs/ list every exit code, error code and reason", async () => {
  const exits = readme.matchAll(/^\| (\d+) +\|/gm);
  assert.deepEqual(
    Array.from(exits, ([, code]) => Number(code)),
    Object.values(EXIT),
  );
  const rows = (await read("docs/operations.md")).split("\n");
  for (const [code, status] of Object.entries(STATUS)) {
    const row = rows.find((it) =>
      it.startsWith("|") && it.includes(`\`${code}\``)
    );
    assert.ok(row?.split("|")[1]?.includes(String(status)), code);
  }
  const causes = await read("docs/troubleshooting.md");
  for (const reason of Object.keys(REMEDIES)) {
    assert.ok(causes.includes(`\`${reason}\``), reason);
  }
});

Deno.test("every link and source file that a document names leads to a file, and to its heading", async () => {
  const broken: string[] = [];
  let followed = 0;
  for (const [document, text] of documents) {
    const named = text.matchAll(
      /\b(?:tests|lib|harness|fixtures|examples)\/[\w./-]*\w\.(?:ts|jsonl?|mjs|yaml)\b/g,
    );
    const links = linksIn(text).filter((it) => !/^[a-z]+:/.test(it))
      .map((link) => [link, new URL(link, new URL(document, ROOT))] as const);
    for (
      const [link, url] of [
        ...links,
        ...Array.from(named, ([path]) => [path, new URL(path, ROOT)] as const),
      ]
    ) {
      followed++;
      const anchor = url.hash.slice(1);
      url.hash = "";
      const isThere = await Deno.stat(url).then(() => true, () => false);
      const leads = isThere &&
        (!anchor || anchorsIn(await Deno.readTextFile(url)).includes(anchor));
      if (!leads) broken.push(`${document}: ${link}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(followed > 20, "the links are found");
});

Deno.test("every command that documents and messages name exists, with its options", async () => {
  const helps = new Map<string, string>();
  for (const name of Object.keys(TASKS)) {
    helps.set(name, await helpOf(name));
  }
  const has = (help: string, option: string) =>
    new RegExp(`${option}(?![a-z-])`).test(help);
  const sources = [...documents, ...configurations];
  for (const folder of ["lib/", "harness/", "tasks/", "examples/"]) {
    sources.push(...await readAll([".ts", ".js", ".mjs", ".tf"], folder));
  }
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

Deno.test("every file names the same version of Deno and of this project", async () => {
  const pattern =
    /\bdeno@(\d+\.\d+\.\d+)|denoland\/deno:(\d+\.\d+\.\d+)|deno-version: (\d+\.\d+\.\d+)/g;
  const versions = [...documents, ...configurations].flatMap(([, text]) =>
    Array.from(text.matchAll(pattern), ([, ...found]) => found.find(Boolean))
  );
  assert.equal(new Set(versions).size, 1);
  assert.match(
    await read("CHANGELOG.md"),
    new RegExp(`^## \\[${VERSION}\\] - \\d{4}-\\d\\d-\\d\\d$`, "m"),
  );
  const { $id } = JSON.parse(await read("roles.schema.json"));
  const [owner] = new URL($id).pathname.slice(1).split("/");
  const named = [...documents, ...configurations].flatMap(([, text]) =>
    Array.from(
      text.matchAll(
        /\b([\w-]+)\/zitadel-permissions(?:(?:-operator)?[@:/]v?(\d+\.\d+\.\d+))?|rev: v(.*)/g,
      ),
      ([, by = owner, version = VERSION, revision = version]) =>
        `${by} ${revision}`,
    )
  );
  assert.ok(named.length >= 6, "the names are found");
  assert.deepEqual(named, named.map(() => `${owner} ${VERSION}`), ".ci/name");
});

Deno.test(".ci/name writes owner and version into every file that names them", async () => {
  const folder = await Deno.makeTempDir();
  const files = [".ci/name", "deno.json", "roles.schema.json"];
  files.push("docs/operations.md", "examples/kubernetes.yaml");
  files.push("examples/operator-job.yaml");
  for (const file of files) {
    const copy = `${folder}/${file}`;
    await Deno.mkdir(copy.replace(/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(new URL(file, ROOT), copy);
  }
  const { success } = await new Deno.Command(`${folder}/.ci/name`, {
    args: ["acme", "9.8.7"],
  }).output();
  assert.ok(success);
  for (const file of files.slice(1)) {
    const text = await Deno.readTextFile(`${folder}/${file}`);
    const before = (await read(file)).replaceAll(`"${VERSION}"`, '"9.8.7"')
      .replaceAll(`v${VERSION}`, "v9.8.7").replaceAll(`:${VERSION}`, ":9.8.7")
      .replaceAll("OWNER/", "acme/");
    assert.equal(text, before, file);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("docs/performance.md states of each target whether its figure reaches it", async () => {
  const rows = (await read("docs/performance.md")).split("\n")
    .map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && /^[`\w]/.test(cells[1] ?? ""));
  const verdicts = rows.map(([figure, median, , target, reached]) => {
    const limit = parseFloat(target!.replace(/^at (?:least|most) /, ""));
    const value = parseFloat(median!);
    const isReached = target!.startsWith("at least")
      ? value >= limit
      : value <= limit;
    const verdict = Number.isNaN(limit) ? "" : isReached ? "yes" : "**no**";
    return [figure, reached, verdict];
  });
  assert.deepEqual(
    verdicts.filter(([, reached, verdict]) => reached !== verdict),
    [["figure", "reached", ""]],
  );
  assert.ok(rows.length > 10, "the rows are found");
});

Deno.test("every workflow has the least rights, pins its actions, and check.yml runs what .ci/run does", async () => {
  const workflows = await readAll([".yml"], ".github/workflows/");
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
