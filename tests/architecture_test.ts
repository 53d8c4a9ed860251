import assert from "node:assert/strict";
import {
  forbiddenImports,
  importCycles,
  type Layout,
  platformUses,
} from "./_architecture.ts";
import {
  type Import,
  type ImportGraph,
  readImportGraph,
} from "./_import_graph.ts";
import { readSources } from "./_source_files.ts";

/** What all of lib/ may build on. */
const FOUNDATION = [
  "type lib/config/settings.ts",
  "lib/config/credential.ts",
  "lib/config/claim_name.ts",
  "lib/observability/",
  "lib/util/",
  "lib/errors.ts",
];

/** What may import what, beside itself. Types count as imports. */
const LAYOUT: Layout = {
  // The entry.
  "main.ts": ["lib/"],

  // The function. The four middle folders do not import each other, except that
  // claims reads mapping's look-up and the payload's types.
  "lib/": ["deno.json"], // its version
  "lib/request/": FOUNDATION,
  "lib/mapping/": FOUNDATION,
  "lib/claims/": [
    ...FOUNDATION,
    "lib/mapping/role_mapping.ts",
    "type lib/request/payload.ts",
  ],
  "lib/zitadel/": FOUNDATION,
  "lib/config/": ["type lib/observability/log.ts", "lib/util/"],
  "lib/errors.ts": ["lib/observability/", "lib/util/"],
  "lib/observability/": ["lib/util/", "type lib/errors.ts"],
  "lib/util/": [],

  // Tools for developers and operators. What all commands share knows none of
  // them.
  "harness/": ["lib/", "fixtures/"],
  "harness/cli/": ["deno.json", "lib/", "harness/util/"], // --version
  "harness/zitadel/": ["lib/", "harness/cli/", "harness/util/"],
  "harness/sandbox/": ["lib/", "harness/util/"],
  "harness/function/": ["lib/", "harness/cli/", "harness/util/"],
  "harness/fixtures/": [
    "lib/",
    "harness/function/",
    "harness/sandbox/",
    "harness/util/",
  ],
  "harness/util/": [],
  // Runs in a browser.
  "harness/inspector/page/": ["type harness/inspector/types.ts"],

  // Thin commands. Fuzzing checks the same statements as the tests.
  "tasks/": ["harness/", "lib/", "tests/properties/"],
};

const graph = await readImportGraph(["main.ts", "lib/", "harness/", "tasks/"]);

Deno.test("the project's files do not import each other in a circle", () => {
  assert.deepEqual(importCycles(graph), []);
});

Deno.test("the folders of harness/ do not import each other in a circle", () => {
  const folderOf = (file: string) => file.split("/").slice(0, 2).join("/");
  const folders = new Map<string, Import[]>();
  for (const [file, imports] of graph) {
    if (!file.startsWith("harness/")) continue;
    const folder = folderOf(file);
    const others = imports
      .map((it) => ({ ...it, file: folderOf(it.file) }))
      .filter((it) => it.file.startsWith("harness/") && it.file !== folder);
    folders.getOrInsert(folder, []).push(...others);
  }
  assert.ok(folders.size > 15, `only ${folders.size} folders were read`);
  assert.deepEqual(importCycles(folders), []);
});

Deno.test("the project's imports follow the layout", () => {
  assert.ok(graph.size > 100, `only ${graph.size} files were read`);
  assert.deepEqual(forbiddenImports(graph, LAYOUT), []);
});

Deno.test("lib/ is given its platform: fetch, clock, database, environment and console", async () => {
  const sources = await readSources(["lib/"]);
  const found = sources.flatMap(([file, text]) => platformUses(file, text));
  assert.deepEqual(found, []);
});

/** Creates a graph of `importer -> imported`, which may begin with `type `. */
function graphOf(lines: readonly string[]): ImportGraph {
  const graph = new Map<string, Import[]>();
  for (const line of lines) {
    const [importer, imported = ""] = line.split(" -> ");
    const imports = graph.getOrInsert(importer!, []);
    const file = imported.replace(/^type /, "");
    if (file) imports.push({ file, isTypeOnly: file !== imported });
  }
  return graph;
}

Deno.test("importCycles() reports circles, also of types, each once", () => {
  const graph = graphOf([
    "main.ts -> lib/a.ts",
    "lib/a.ts -> lib/b.ts",
    "lib/b.ts -> lib/c.ts",
    "lib/b.ts -> lib/d.ts",
    "lib/c.ts -> type lib/a.ts",
    "lib/d.ts",
    "lib/self.ts -> lib/self.ts",
  ]);
  assert.deepEqual(importCycles(graph), [
    "lib/a.ts -> lib/b.ts -> lib/c.ts -> lib/a.ts",
    "lib/self.ts -> lib/self.ts",
  ]);
});

Deno.test("forbiddenImports() reports each planted violation of the layout", () => {
  const violations = [
    "lib/handler.ts -> harness/util/a.ts",
    "lib/config/settings.ts -> tasks/start.ts",
    "main.ts -> harness/cli/task.ts",
    "harness/dev/a.ts -> tasks/setup.ts",
    "harness/fuzz/a.ts -> tests/_a.ts",
    "tasks/fuzz.ts -> tests/lib/_a.ts",
    "harness/cli/a.ts -> harness/setup/plan.ts",
    "harness/inspector/page/a.js -> harness/inspector/server.ts",
    "lib/zitadel/a.ts -> type lib/mapping/role_mapping.ts",
    "lib/mapping/a.ts -> type lib/request/payload.ts",
    "lib/claims/grants.ts -> lib/request/payload.ts",
    "lib/claims/grants.ts -> lib/mapping/cache.ts",
    "lib/mapping/a.ts -> lib/config/settings.ts",
    "lib/observability/a.ts -> type lib/mapping/cache.ts",
    "lib/util/a.ts -> type lib/errors.ts",
    "extra/a.ts", // is in no place of the layout
  ];
  for (const line of violations) {
    assert.equal(forbiddenImports(graphOf([line]), LAYOUT).length, 1, line);
  }
});

Deno.test("platformUses() reports what code reaches for", () => {
  const uses = [
    'const port = Deno.env.get("PORT");',
    "const kv = await Deno.openKv(url);",
    "Deno.serve(handle);",
    "const text = await Deno.readTextFile(path);",
    "const response = await fetch(url);",
    "const connection = createConnection({ fetch, now });",
    "const now = Date.now();",
    "const time = new Date().toISOString();",
    'console.log("ready");',
  ];
  for (const line of uses) {
    assert.equal(platformUses("lib/a.ts", `\n${line}\n`).length, 1, line);
  }
});
