import assert from "node:assert/strict";
import {
  licenseOf,
  type Licenses,
  LICENSES_FILE,
  lockedPackages,
  packageFolders,
} from "./_licenses.ts";

interface Lock {
  readonly npm: Readonly<
    Record<string, {
      readonly integrity?: string;
      readonly scripts?: boolean;
      readonly dependencies?: readonly string[];
    }>
  >;
  readonly remote?: unknown;
  readonly jsr?: unknown;
}

const CONFIG = new URL("../deno.json", import.meta.url);

const lock: Lock = JSON.parse(
  await Deno.readTextFile(new URL("../deno.lock", import.meta.url)),
);

/** Packages with an install script, which Deno does not run. */
const NEVER_RUN_SCRIPTS = {
  "esbuild":
    "replaces its program; the one of the platform's package works too",
};

Deno.test("deno.lock pins every package by its hash, and no install script runs", () => {
  const packages = Object.entries(lock.npm);
  assert.ok(packages.length > 0, "deno.lock names no packages");
  assert.deepEqual(
    packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))
      .map(([name]) => name),
    [],
    "not pinned by a hash",
  );
  assert.deepEqual(
    packages.filter(([, { scripts }]) => scripts)
      .map(([name]) => name.replace(/@[^@]+$/, "")),
    Object.keys(NEVER_RUN_SCRIPTS),
    "has an install script",
  );
  const { allowScripts } = JSON.parse(Deno.readTextFileSync(CONFIG));
  assert.equal(allowScripts, undefined);
});

Deno.test("deno.lock holds nothing from anywhere but npm", () => {
  assert.equal(lock.remote, undefined);
  assert.equal(lock.jsr, undefined);
});

async function* sourcesIn(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sourcesIn(new URL(`${name}/`, folder));
    else yield new URL(name, folder);
  }
}

/** What runs at the edge beside the project's own code. */
const AT_THE_EDGE = [
  "@bufbuild/protobuf",
  "@connectrpc/connect",
  "@connectrpc/connect-node",
  "@connectrpc/connect-web",
  "@noble/hashes",
  "@opentelemetry/api",
  "@zitadel/client",
  "@zitadel/proto",
  "jose",
  "oauth4webapi",
  "zod",
];

Deno.test("lib/ needs few packages, and no others than are named here", async () => {
  const versionsOf = (name: string) =>
    Object.keys(lock.npm).filter((key) => key.startsWith(`${name}@`));
  const pending: string[] = [];
  for await (const file of sourcesIn(new URL("../lib/", import.meta.url))) {
    const text = await Deno.readTextFile(file);
    for (
      const [, imported] of text.matchAll(
        /(?:from|import\()\s*"((?:@[\w-]+\/)?[\w-]+)(?:\/[^"]*)?"/g,
      )
    ) pending.push(...versionsOf(imported!));
  }
  const needed = new Set<string>();
  for (let key = pending.pop(); key; key = pending.pop()) {
    if (needed.has(key)) continue;
    needed.add(key);
    for (const dependency of lock.npm[key]!.dependencies ?? []) {
      pending.push(
        ...lock.npm[dependency] ? [dependency] : versionsOf(dependency),
      );
    }
  }
  const names = [...needed].map((key) => /^@?[^@]+/.exec(key)![0]);
  assert.deepEqual([...new Set(names)].sort(), AT_THE_EDGE);
});

/** Licences that allow any use beside an MIT-licensed project. */
const PERMISSIVE = new Set([
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "Zlib",
]);

/** Licences with conditions that a tool which is never deployed or changed meets. */
const IN_THE_HARNESS = new Set(["MPL-2.0"]);

const licenses: Licenses = JSON.parse(await Deno.readTextFile(LICENSES_FILE));

Deno.test("every package has a licence that allows its use here", async () => {
  for (const [name] of await lockedPackages()) {
    const license = licenses[name];
    assert.ok(
      license,
      `${name} is missing in tests/licenses.json: see tests/_licenses.ts`,
    );
    const terms = license.replace(/[()]/g, "").split(" AND ");
    const isAllowed = terms.every((term) =>
      PERMISSIVE.has(term) ||
      IN_THE_HARNESS.has(term) && !AT_THE_EDGE.includes(name)
    );
    assert.ok(isAllowed, `${name} has the licence ${license}`);
  }
});

Deno.test("tests/licenses.json names the licences that the packages name", async () => {
  const folders = await packageFolders();
  let compared = 0;
  for (const locked of await lockedPackages()) {
    const license = await licenseOf(locked, folders);
    // A test run fetches only the packages that it imports.
    if (license === undefined) continue;
    assert.equal(licenses[locked[0]], license, locked[0]);
    compared++;
  }
  assert.ok(compared > 0, "no package in Deno's cache");
});

/** Tasks that read files which Deno guards by all permissions. */
const NEED_ALL = {
  bench: "reads a process's figures in /proc",
  "test:browser": "the browser's driver looks at the system's files",
};

Deno.test("deno.json gives every task its permissions one by one, but where Deno asks for all", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(CONFIG),
  );
  const broad = Object.entries<string>(tasks)
    .filter(([, command]) => /--allow-all\b|\s-A\b/.test(command))
    .map(([name]) => name);
  assert.deepEqual(broad.sort(), Object.keys(NEED_ALL).sort());
});
