import assert from "node:assert/strict";

interface Lock {
  readonly npm: Readonly<
    Record<string, { readonly integrity?: string; readonly scripts?: boolean }>
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
