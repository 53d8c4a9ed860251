import assert from "node:assert/strict";
import { mutate } from "../../../harness/mutate/mutate.ts";

/** A project whose test does not ask what happens if both are equal. */
const PROJECT = {
  "deno.json": "{}",
  "lib/order.ts": "export const isMore = (a: number, b: number) => a > b;\n",
  "tests/lib/order_test.ts": `import { isMore } from "../../lib/order.ts";
Deno.test("isMore() compares", () => {
  if (!isMore(2, 1)) throw new Error("wrong");
});
`,
};

async function createProject() {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/lib`);
  await Deno.mkdir(`${root}/tests/lib`, { recursive: true });
  for (const [file, text] of Object.entries(PROJECT)) {
    await Deno.writeTextFile(`${root}/${file}`, text);
  }
  return {
    root,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

function mutateProject(root: string, signal: AbortSignal) {
  return mutate({
    root,
    sources: ["lib/order.ts"],
    tests: ["tests/lib/order_test.ts"],
    count: 10,
    // The killed change comes first: the other survives only if it was undone.
    seed: 3,
    maxMs: 60_000,
    jobs: 1,
    processTests: [],
    entries: [],
    permissions: [],
    equivalents: [],
    signal,
    onProgress: () => {},
  });
}

Deno.test("mutate() tells a change that a test notices from one that it does not", async () => {
  await using project = await createProject();
  const { tried, broken } = await mutateProject(
    project.root,
    new AbortController().signal,
  );
  assert.deepEqual(broken, []);
  assert.deepEqual(
    tried.map(({ verdict, after, tests }) => ({ verdict, after, tests })),
    [
      {
        verdict: "killed",
        after: ["export const isMore = (a: number, b: number) => undefined;"],
        tests: ["tests/lib/order_test.ts"],
      },
      {
        verdict: "survived",
        after: ["export const isMore = (a: number, b: number) => a >= b;"],
        tests: ["tests/lib/order_test.ts"],
      },
    ],
  );
  assert.equal(
    await Deno.readTextFile(`${project.root}/lib/order.ts`),
    PROJECT["lib/order.ts"],
  );
});

Deno.test("mutate() stops when it is interrupted", async () => {
  await using project = await createProject();
  const reason = new Error("interrupted");
  await assert.rejects(
    mutateProject(project.root, AbortSignal.abort(reason)),
    reason,
  );
});
