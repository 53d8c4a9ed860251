import assert from "node:assert/strict";
import { runConformance } from "../../../harness/conformance/run.ts";
import { lookAt } from "../../../harness/conformance/subject.ts";
import { unbindOthers } from "../../../harness/conformance/unbind_others.ts";
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

async function look(sandbox: Sandbox, notes: string[] = []) {
  return await lookAt({
    ...sandbox,
    timeoutMs: 100,
    settle: sandbox.settled,
    note: (line) => notes.push(line),
  });
}

Deno.test("unbindOthers() unbinds other targets and binds them again", async () => {
  await using sandbox = await startSandbox();
  const id = await bindTarget(sandbox);
  const before = await bindings(sandbox);
  const notes: string[] = [];
  {
    await using _unbound = await unbindOthers(await look(sandbox, notes));
    assert.deepEqual(await bindings(sandbox), []);
  }
  assert.deepEqual(await bindings(sandbox), before);
  assert.ok(
    notes.includes(`Unbinds function/preaccesstoken during the run: ${id}`),
  );
  assert.equal(notes.length, 2 * BOUND.length);
});

Deno.test("runConformance() binds other targets again when the run ends early", async () => {
  await using sandbox = await startSandbox();
  await bindTarget(sandbox);
  const before = await bindings(sandbox);
  for await (const _ of runConformance(await look(sandbox))) break;
  assert.deepEqual(await bindings(sandbox), before);
  const left = [...sandbox.world.organizations.values()].map(({ name }) =>
    name
  );
  assert.deepEqual(left.filter((name) => name.startsWith("acme ")), []);
});

Deno.test("runConformance() names the check that fails, and goes on", async () => {
  await using sandbox = await startSandbox();
  const subject = { ...await look(sandbox), loginClientToken: undefined };
  const verdicts = new Map<string, unknown>();
  for await (const { name, same, seen } of runConformance(subject)) {
    verdicts.set(name, same || seen);
    if (name === "behaviour/claims: service user") break;
  }
  const error = "People cannot log in without a login client's token";
  assert.deepEqual(verdicts.get("calls/human_login"), { error });
  assert.deepEqual(verdicts.get("behaviour/claims: opaque"), { error });
  assert.equal(verdicts.get("behaviour/claims: service user"), true);
});

Deno.test("runConformance() names the part whose set-up fails", async () => {
  await using sandbox = await startSandbox();
  const subject = await look(sandbox);
  for await (const { name, same, seen } of runConformance(subject)) {
    // Takes the name of the target that the next part creates.
    const { suffix } = /(?<suffix>\w{5})$/.exec(
      [...sandbox.world.organizations.values()].at(-1)!.name,
    )!.groups!;
    if (name === "behaviour/chosen_project_ids: é/1") {
      await createTarget(connect(sandbox.origin, sandbox.adminToken), {
        name: `events ${suffix}`,
        endpoint: "http://127.0.0.1:9/",
        timeoutSeconds: 1,
        interruptOnError: false,
      });
    }
    if (!same && name.startsWith("events: set-up")) {
      assert.match(JSON.stringify(seen), /a target of that name exists/);
      return;
    }
  }
  assert.fail("No part failed");
});

Deno.test("unbindOthers() says which binding it cannot restore", async () => {
  await using sandbox = await startSandbox();
  const id = await bindTarget(sandbox);
  const key = JSON.stringify({ allEvents: true });
  const [execution] = sandbox.world.executions.values();
  sandbox.world.executions.set(key, {
    ...execution!,
    condition: { allEvents: true },
    targets: [id],
  });
  await assert.rejects(
    unbindOthers(await look(sandbox)),
    /targets are bound to event\/all, which would change its answers.*another instance/,
  );
});

Deno.test("unbindOthers() tells what to bind by hand if ZITADEL refuses", async () => {
  await using sandbox = await startSandbox();
  const id = await bindTarget(sandbox);
  const bound = await unbindOthers(await look(sandbox));
  sandbox.world.targets.delete(id);
  await assert.rejects(
    async () => await bound[Symbol.asyncDispose](),
    new RegExp(`Bind again by hand: .*function/preaccesstoken to ${id}`),
  );
});
