import assert from "node:assert/strict";
import type { Checks } from "../../../harness/conformance/check.ts";
import { runConformance } from "../../../harness/conformance/run.ts";
import { lookAtSandbox } from "../../../harness/conformance/subject.ts";
import { unbindOthers } from "../../../harness/conformance/binding.ts";
import {
  type Sandbox,
  startSandbox,
} from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import { createTarget } from "../../../harness/zitadel/target.ts";

const BOUND = [
  "function/preaccesstoken",
  "function/preuserinfo",
  "event/group/org.metadata",
  "event/all",
];

async function bindings({ origin, adminToken }: Sandbox) {
  const executions = await listExecutions(connect(origin, adminToken));
  return executions.sort((a, b) => a.condition < b.condition ? -1 : 1);
}

/** Binds a target that would change every token. */
async function bindTarget(sandbox: Sandbox): Promise<string> {
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const { id } = await createTarget(instance, {
    name: "Authorization Webhook",
    endpoint: "http://127.0.0.1:9/",
    timeoutSeconds: 1,
    interruptOnError: true,
  });
  for (const condition of BOUND) {
    await setExecution(instance, { condition, targets: [id] });
  }
  return id;
}

Deno.test("runConformance() notes what it unbinds, and binds it again when the run ends early", async () => {
  await using sandbox = await startSandbox();
  const id = await bindTarget(sandbox);
  const before = await bindings(sandbox);
  const notes: string[] = [];
  for await (
    const _ of runConformance(
      await lookAtSandbox(sandbox, (it) => notes.push(it)),
    )
  ) {
    const during = await bindings(sandbox);
    assert.ok(during.every(({ targets }) => !targets.includes(id)));
    break;
  }
  assert.deepEqual(await bindings(sandbox), before);
  const unbound = `Unbinds function/preaccesstoken during the run: ${id}`;
  assert.ok(notes.includes(unbound));
  assert.equal(notes.length, 2 * BOUND.length);
  const left = sandbox.world.organizations.values()
    .filter(({ name }) => name.startsWith("acme "));
  assert.deepEqual([...left], []);
});

Deno.test("runConformance() names the check that fails, and goes on", async () => {
  await using sandbox = await startSandbox();
  const fails = () => Promise.reject(new Error("no such user"));
  const parts: Record<string, Checks> = {
    async *first() {
      yield { name: "a", recorded: 1, look: fails };
      yield { name: "b", recorded: 1, look: () => 1 };
    },
    async *broken() {
      yield { name: "c", recorded: 1, look: () => 2 };
      throw new Error("no such project");
    },
    async *last() {
      const look = () => Promise.resolve({ x: [1] });
      yield { name: "d", recorded: { x: [1] }, look };
    },
  };
  const verdicts = [];
  for await (
    const verdict of runConformance(await lookAtSandbox(sandbox), parts)
  ) {
    verdicts.push(verdict);
  }
  assert.deepEqual(
    verdicts.map(({ name, seen, same }) => [name, seen, same]),
    [
      ["a", { error: "no such user" }, false],
      ["b", 1, true],
      ["c", 2, false],
      [
        "broken: set-up or clean-up of these checks",
        { error: "no such project" },
        false,
      ],
      ["d", { x: [1] }, true],
    ],
  );
});

Deno.test("unbindOthers() notes what to bind by hand if ZITADEL refuses, and throws", async () => {
  await using sandbox = await startSandbox();
  const id = await bindTarget(sandbox);
  const notes: string[] = [];
  const bound = await unbindOthers(
    await lookAtSandbox(sandbox, (it) => notes.push(it)),
  );
  sandbox.world.targets.delete(id);
  await assert.rejects(async () => await bound[Symbol.asyncDispose]());
  for (const condition of BOUND) {
    assert.ok(notes.includes(`Bind again by hand: ${condition} to ${id}`));
  }
});
