import assert from "node:assert/strict";
import { LICENSES_FILE, readLicenses } from "./_licenses.ts";
import { read, readSources } from "./_source_files.ts";

interface LockedPackage {
  readonly integrity?: string;
  readonly scripts?: boolean;
  readonly dependencies?: readonly string[];
}

const { npm, remote, jsr } = JSON.parse(
  await read("deno.lock"),
);
const { allowScripts, minimumDependencyAge } = JSON.parse(
  await read("deno.json"),
);
const packages: Readonly<Record<string, LockedPackage>> = npm;

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

/** Licences that allow any use beside an MIT-licensed project. */
const PERMISSIVE = new Set([
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "Zlib",
]);
/** A licence with conditions that a tool which is never deployed or changed meets. */
const IN_THE_HARNESS = "MPL-2.0";

/**
 * Has an install script, which Deno does not run: it would replace a launcher by
 * the program, and that of the platform's package works too.
 */
const BUNDLER = /^esbuild@/;

Deno.test("deno.lock pins npm packages by hash and nothing else, new ones are a week old, and no install script runs", () => {
  assert.deepEqual([remote, jsr], [undefined, undefined]);
  const wrong = Object.entries(packages).filter(([, it]) =>
    !it.integrity?.startsWith("sha512-")
  );
  assert.deepEqual(wrong.map(([name]) => name), []);
  const scripted = Object.keys(packages).filter((it) => packages[it]!.scripts);
  assert.deepEqual(scripted.filter((name) => !BUNDLER.test(name)), []);
  assert.equal(allowScripts, undefined);
  assert.equal(minimumDependencyAge, "P7D");
});

Deno.test("lib/ needs few packages, and no others than are named here", async () => {
  const keysOf = (name: string) =>
    Object.keys(packages).filter((key) => key.startsWith(`${name}@`));
  const pending: string[] = [];
  for (const [, source] of await readSources(["lib/"])) {
    const imports = source.matchAll(
      /(?:from|import\()\s*"((?:@[\w-]+\/)?[\w-]+)(?:\/[^"]*)?"/g,
    );
    for (const [, name] of imports) pending.push(...keysOf(name!));
  }
  const needed = new Set<string>();
  for (let key = pending.pop(); key; key = pending.pop()) {
    if (needed.has(key)) continue;
    needed.add(key);
    for (const it of packages[key]!.dependencies ?? []) {
      pending.push(...packages[it] ? [it] : keysOf(it));
    }
  }
  const names = [...needed].map((key) => /^@?[^@]+/.exec(key)![0]);
  assert.deepEqual([...new Set(names)].sort(), AT_THE_EDGE);
});

Deno.test("every package has the licence that tests/licenses.json names, and it allows its use here", async () => {
  const known = JSON.parse(await Deno.readTextFile(LICENSES_FILE));
  const licenses = await readLicenses();
  for (const [name, license = known[name]] of licenses) {
    assert.equal(license, known[name], `${name}: see tests/_licenses.ts`);
    const terms: string[] = license.replace(/[()]/g, "").split(" AND ");
    const isAllowed = terms.every((it) => PERMISSIVE.has(it)) ||
      license === IN_THE_HARNESS && !AT_THE_EDGE.includes(name);
    assert.ok(isAllowed, `${name}: ${license}`);
  }
  // A test run fetches only the packages that it imports.
  assert.ok(licenses.some(([, it]) => it), "no package in Deno's cache");
});
