import assert from "node:assert/strict";
import {
  parseEnv,
  readEnvFile,
  splitKeys,
  withSetting,
} from "../../../harness/cli/env_file.ts";
import {
  planRotation,
  type RotationOptions,
  type RotationStep,
} from "../../../harness/rotate/plan_rotation.ts";
import { applySteps } from "../../../harness/plan/change.ts";
import { readState } from "../../../harness/setup/plan.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import { listTargets } from "../../../harness/zitadel/target.ts";
import {
  findUnfinishedRotation,
  type RotationState,
} from "../../../harness/zitadel/unfinished_rotation.ts";
import { testEach } from "../../_test_each.ts";
import { addTarget } from "../_add_target.ts";
import { connected, NAME } from "./_connected.ts";

const PACE = { canaryMs: 5, settleMs: 50 };
const CONDITIONS = ["function/preaccesstoken", "event/group/org.metadata"];

/** A function whose target is bound, with one other target before it. */
async function bound() {
  const { stack, place, ...it } = await connected();
  const { instance, envFile, server, scratch } = it;
  const other = await addTarget(instance, { name: "other" });
  const bindings = (id: string) =>
    CONDITIONS.map((condition) => ({ condition, targets: [other.id, id] }));
  for (const binding of bindings(it.target.id)) {
    await setExecution(instance, binding);
  }
  const token = `ACCESS_TOKEN=${scratch.reader.token}\n`;
  await Deno.writeTextFile(envFile, token, { append: true });
  await server.reload();
  const keys = async () =>
    splitKeys(parseEnv(await readEnvFile(envFile)).AUTHORIZATION_SIGNING_KEY);
  return {
    ...it,
    place,
    bindings,
    keys,
    executions: () => listExecutions(instance),
    /** Rotates the key; the function takes both keys once they are there, unless it is late. */
    async rotate(
      { onStep, isLate = false, name = NAME, ...options }:
        & Partial<RotationOptions>
        & {
          readonly onStep?: (step: RotationStep["step"]) => void;
          readonly isLate?: boolean;
        } = {},
    ): Promise<void> {
      const { steps } = planRotation(place, await readState(place), {
        name,
        wait: 20,
        probe: [],
        pace: PACE,
        ...options,
      });
      await applySteps(steps, {
        onDone({ step }) {
          if (step === "add-key" && !isLate) server.reload();
          onStep?.(step);
        },
      });
    },
    /** Expects that one target with a key of its own has taken the place of the first. */
    async expectRotated() {
      const [target, ...others] = (await listTargets(instance))
        .filter(({ id }) => id !== other.id);
      assert.deepEqual([target!.name, others], [NAME, []]);
      assert.notEqual(target!.signingKey, it.target.signingKey);
      assert.deepEqual(
        new Map((await listExecutions(instance)).map((e) => [e.condition, e])),
        new Map(bindings(target!.id).map((e) => [e.condition, e])),
      );
      assert.deepEqual(await keys(), [target!.signingKey]);
      assert.match(await readEnvFile(envFile), /^# mine\n/);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function stopAfter(last: string) {
  return (step: string) => {
    if (step === last) throw new Error("interrupted");
  };
}

Deno.test("rotate loses no call under constant load", async () => {
  await using it = await bound();
  const { server } = it;
  let going = true;
  let tokens = 0;
  const load = Array.from({ length: 3 }, async () => {
    while (going) {
      assert.ok(await it.permissions(), "a token came without");
      tokens++;
    }
  });
  const reloads: Promise<void>[] = [];
  server.statuses.length = 0;
  await it.rotate({
    isLate: true,
    // As late as can be: while the rotation waits, and when it is over.
    onWait: () => {
      if (reloads.length === 0) reloads.push(server.reload());
    },
  });
  await server.reload();
  await Promise.all(reloads);
  const during = tokens;
  while (tokens < during + 5) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  going = false;
  await Promise.all(load);
  await it.expectRotated();
  assert.deepEqual(new Set(server.statuses), new Set([200]));
  assert.ok(during > 10, `only ${during} tokens under load`);
});

const REST = ["drop-key", "delete-predecessor", "rename"];

testEach<[state: RotationState, left: readonly string[]]>(
  "rotate goes on from wherever it was interrupted",
  {
    "create-successor": ["created", ["add-key", "wait", "swap", ...REST]],
    "add-key": ["key_added", ["wait", "swap", ...REST]],
    "wait": ["key_added", ["wait", "swap", ...REST]],
    "swap of one": ["swapping", ["wait", "swap", ...REST]],
    "swap": ["swapped", ["wait", ...REST]],
    "drop-key": ["key_dropped", ["wait", "delete-predecessor", "rename"]],
    "delete-predecessor": ["deleted", ["rename"]],
  },
  async ([state, left], last) => {
    await using it = await bound();
    const [step] = last.split(" ");
    const interrupted = it.rotate({ onStep: stopAfter(step!) });
    await assert.rejects(interrupted, /interrupted/);
    if (state === "swapping") {
      await setExecution(it.instance, it.bindings(it.target.id)[0]!);
    }
    const situation = await readState(it.place);
    const { steps } = planRotation(it.place, situation, {
      name: NAME,
      wait: 0,
      probe: [],
    });
    assert.deepEqual(steps.map(({ step }) => step), left);
    const found = findUnfinishedRotation(situation);
    assert.deepEqual([found?.name, found?.state], [NAME, state]);
    assert.equal(findUnfinishedRotation(situation, "other"), undefined);
    await it.server.reload();
    await it.rotate();
    await it.expectRotated();
  },
);

Deno.test("rotate changes no binding while the function does not take the new key, and keeps the old key that the env file lacks", async () => {
  await using it = await bound();
  const before = await it.executions();
  const text = await readEnvFile(it.envFile);
  await Deno.writeTextFile(
    it.envFile,
    withSetting(text, "AUTHORIZATION_SIGNING_KEY", undefined),
  );
  const seen: string[] = [];
  await assert.rejects(
    it.rotate({ isLate: true, wait: 0, onWait: (what) => seen.push(what) }),
    /^Error: http.* does not accept the target's key yet\. Nothing is bound to the new target yet/,
  );
  assert.deepEqual(await it.executions(), before);
  assert.equal(seen.length, 1);
  assert.match(seen[0]!, /does not accept the target's key yet$/);
  const [first, ...others] = await it.keys();
  assert.deepEqual([first, others.length], [it.target.signingKey, 1]);
});

Deno.test("rotate reports what is bound if the function loses the key after the swap", async () => {
  await using it = await bound();
  const interrupted = it.rotate({ onStep: stopAfter("swap") });
  await assert.rejects(interrupted, /interrupted/);
  const text = await readEnvFile(it.envFile);
  await Deno.writeTextFile(
    it.envFile,
    withSetting(text, "AUTHORIZATION_SIGNING_KEY", it.target.signingKey),
  );
  await it.server.reload();
  await assert.rejects(
    it.rotate({ isLate: true, wait: 0 }),
    /event\/group\/org\.metadata and function\/preaccesstoken already call the new target/,
  );
});

Deno.test("rotate keeps a fractional timeout and the kind of a webhook", async () => {
  await using it = await bound();
  const { endpoint } = it.server;
  const settings = {
    name: "webhook",
    endpoint,
    timeoutSeconds: 2.5,
    interruptOnError: true,
    kind: "webhook" as const,
  };
  await addTarget(it.instance, settings);
  await it.rotate({ name: "webhook" });
  const [found] = (await listTargets(it.instance))
    .filter(({ name }) => name === "webhook");
  assert.deepEqual({ ...found, ...settings }, found);
});
