import assert from "node:assert/strict";

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

const lock: Lock = JSON.parse(
  await Deno.readTextFile(new URL("../deno.lock", import.meta.url)),
);

Deno.test("deno.lock pins every package by its hash, and none has an install script", () => {
  const packages = Object.entries(lock.npm);
  assert.ok(packages.length > 0, "deno.lock names no packages");
  assert.deepEqual(
    packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))
      .map(([name]) => name),
    [],
    "not pinned by a hash",
  );
  assert.deepEqual(
    packages.filter(([, { scripts }]) => scripts).map(([name]) => name),
    [],
    "has an install script",
  );
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

/** What runs at the edge beside the project's own code: 20 MB unpacked, of 53 MB with the harness. */
const AT_THE_EDGE = [
  "@bufbuild/protobuf",
  "@connectrpc/connect",
  "@connectrpc/connect-node",
  "@connectrpc/connect-web",
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

/** Tasks that read files which Deno guards by all permissions. */
const NEED_ALL = {
  bench: "reads a process's figures in /proc",
  "test:browser": "the browser's driver looks at the system's files",
};

Deno.test("deno.json gives every task its permissions one by one, but where Deno asks for all", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../deno.json", import.meta.url)),
  );
  const broad = Object.entries<string>(tasks)
    .filter(([, command]) => /--allow-all\b|\s-A\b/.test(command))
    .map(([name]) => name);
  assert.deepEqual(broad.sort(), Object.keys(NEED_ALL).sort());
});
