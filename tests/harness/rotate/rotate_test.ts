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
import { applySteps, type Place } from "../../../harness/plan/change.ts";
import { readState } from "../../../harness/setup/plan.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import {
  clientCredentials,
  roleScopes,
} from "../../../harness/zitadel/login.ts";
import { createTarget, listTargets } from "../../../harness/zitadel/target.ts";
import { connected, NAME } from "./_connected.ts";

const PACE = { canaryMs: 5, settleMs: 50 };
const CONDITIONS = ["function/preaccesstoken", "event/group/org.metadata"];

/** A function whose target is bound, with one other target before it. */
async function bound() {
  const it = await connected();
  const other = await createTarget(it.instance, {
    name: "other",
    endpoint: "http://127.0.0.1:9/",
    timeoutSeconds: 10,
    interruptOnError: false,
  });
  for (const condition of CONDITIONS) {
    const targets = [other.id, it.id];
    await setExecution(it.instance, { condition, targets });
  }
  const token = `ACCESS_TOKEN=${it.scratch.reader.token}\n`;
  await Deno.writeTextFile(it.envFile, token, { append: true });
  await it.server.reload();
  return { ...it, other: other.id };
}

/** Rotates the key of a target. */
async function rotate(
  place: Omit<Place, "organization">,
  name: string,
  { onStep, ...options }: Partial<RotationOptions> & {
    readonly onStep?: (step: RotationStep["step"]) => void;
  },
): Promise<void> {
  const all = { ...place, organization: undefined };
  const { steps } = planRotation(all, await readState(all), {
    name,
    wait: 20,
    probe: [],
    pace: PACE,
    ...options,
  });
  await applySteps(steps, { onDone: ({ step }) => onStep?.(step) });
}

function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split(".")[1]!;
  return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
}

Deno.test("rotate loses no call under constant load", async () => {
  const { stack, ...it } = await bound();
  await using _ = stack;
  let going = true;
  let tokens = 0;
  const load = Array.from({ length: 3 }, async () => {
    while (going) {
      const { accessToken } = await clientCredentials(it.instance.origin, {
        ...it.scratch.robot,
        scope: roleScopes(it.scratch.project.id),
      });
      assert.ok(claimsOf(accessToken).permissions, "a token came without");
      tokens++;
    }
  });
  const reloads: Promise<void>[] = [];
  it.server.statuses.length = 0;
  await rotate(it, NAME, {
    // As late as can be: while the rotation waits, and when it is over.
    onWait: () => {
      if (reloads.length === 0) reloads.push(it.server.reload());
    },
  });
  await it.server.reload();
  await Promise.all(reloads);
  const during = tokens;
  while (tokens < during + 5) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  going = false;
  await Promise.all(load);

  const [target, ...rest] = (await listTargets(it.instance))
    .filter(({ name }) => name !== "other");
  assert.deepEqual(rest, []);
  assert.equal(target!.name, NAME);
  assert.notEqual(target!.signingKey, it.signingKey);
  for (const { targets } of await listExecutions(it.instance)) {
    assert.deepEqual(targets, [it.other, target!.id]);
  }
  const text = await readEnvFile(it.envFile);
  assert.equal(parseEnv(text).AUTHORIZATION_SIGNING_KEY, target!.signingKey);
  assert.match(text, /^# mine\n/);
  assert.deepEqual(new Set(it.server.statuses), new Set([200]));
  assert.ok(during > 10, `only ${during} tokens under load`);
});

Deno.test("rotate goes on from wherever it was interrupted", async (t) => {
  const steps: RotationStep["step"][] = [
    "create-successor",
    "add-key",
    "wait",
    "swap",
    "drop-key",
    "delete-predecessor",
  ];
  for (const last of steps) {
    await t.step(`after ${last}`, async () => {
      const { stack, ...it } = await bound();
      await using _ = stack;
      const interrupted = rotate(it, NAME, {
        onStep: (step) => {
          if (step === "add-key") it.server.reload();
          if (step === last) throw new Error("interrupted");
        },
      });
      await assert.rejects(interrupted, /interrupted/);
      await it.server.reload();
      await rotate(it, NAME, {
        onStep: (step) => {
          if (step === "add-key") it.server.reload();
        },
      });
      const targets = (await listTargets(it.instance))
        .filter(({ name }) => name !== "other");
      assert.deepEqual(targets.map(({ name }) => name), [NAME]);
      for (const execution of await listExecutions(it.instance)) {
        assert.deepEqual(execution.targets, [it.other, targets[0]!.id]);
      }
      assert.equal(
        parseEnv(await readEnvFile(it.envFile)).AUTHORIZATION_SIGNING_KEY,
        targets[0]!.signingKey,
      );
    });
  }
});

Deno.test("rotate changes no binding while the function does not take the new key", async () => {
  const { stack, ...it } = await bound();
  await using _ = stack;
  const before = await listExecutions(it.instance);
  const seen: string[] = [];
  await assert.rejects(
    rotate(it, NAME, {
      wait: 0,
      onWait: (what) => seen.push(what),
    }),
    /^Error: http.* does not accept the target's key yet\. Nothing is bound to the new target yet/,
  );
  assert.deepEqual(await listExecutions(it.instance), before);
  assert.equal(seen.length, 1);
  assert.match(seen[0]!, /does not accept the target's key yet$/);
});

Deno.test("rotate keeps the old key beside the new where the env file lacks it", async () => {
  const { stack, ...it } = await bound();
  await using _ = stack;
  const text = await readEnvFile(it.envFile);
  await Deno.writeTextFile(
    it.envFile,
    withSetting(text, "AUTHORIZATION_SIGNING_KEY", undefined),
  );
  await assert.rejects(
    rotate(it, NAME, { wait: 0 }),
    /does not accept the target's key yet/,
  );
  const keys = splitKeys(
    parseEnv(await readEnvFile(it.envFile)).AUTHORIZATION_SIGNING_KEY,
  );
  assert.equal(keys[0], it.signingKey);
  assert.equal(keys.length, 2);
});

Deno.test("rotate reports what is bound if the function loses the key after the swap", async () => {
  const { stack, ...it } = await bound();
  await using _ = stack;
  const interrupted = rotate(it, NAME, {
    onStep: (step) => {
      if (step === "add-key") it.server.reload();
      if (step === "swap") throw new Error("interrupted");
    },
  });
  await assert.rejects(interrupted, /interrupted/);
  const text = await readEnvFile(it.envFile);
  const old = withSetting(text, "AUTHORIZATION_SIGNING_KEY", it.signingKey);
  await Deno.writeTextFile(it.envFile, old);
  await it.server.reload();
  await assert.rejects(
    rotate(it, NAME, { wait: 0 }),
    /event\/group\/org\.metadata and function\/preaccesstoken already call the new target/,
  );
});

Deno.test("rotate keeps a fractional timeout and the kind of a webhook", async () => {
  const { stack, ...it } = await bound();
  await using _ = stack;
  const name = "webhook";
  await createTarget(it.instance, {
    name,
    endpoint: it.server.endpoint,
    timeoutSeconds: 2.5,
    interruptOnError: true,
    kind: "webhook",
  });
  await rotate(it, name, {
    onStep: (step) => {
      if (step === "add-key") it.server.reload();
    },
  });
  const found = (await listTargets(it.instance)).find((it) => it.name === name);
  assert.equal(found?.timeoutSeconds, 2.5);
  assert.equal(found?.kind, "webhook");
  assert.equal(found?.interruptOnError, true);
});
