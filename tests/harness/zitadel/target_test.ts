import assert from "node:assert/strict";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  createTarget,
  listTargets,
  updateTarget,
} from "../../../harness/zitadel/target.ts";
import { actionsOf, createTarget as createByOthers } from "../sandbox/_call.ts";

const SETTINGS = {
  name: "Authorization Webhook",
  endpoint: "http://localhost:8000/",
  // As another tool may have set it: 9999999.999999773 nanoseconds, if not rounded.
  timeoutSeconds: 2.01,
  interruptOnError: true,
};

Deno.test("updateTarget() turns interruptOnError off, however the target was created", async () => {
  for (const create of [createTarget, createByOthers]) {
    await using sandbox = await startSandbox();
    const instance = connect(sandbox.origin, sandbox.adminToken);
    const interrupts = async () =>
      (await listTargets(instance))[0]!.interruptOnError;
    const { id } = await create(instance, SETTINGS);
    assert.equal(await interrupts(), true);
    for (const interruptOnError of [false, true, false]) {
      await updateTarget(instance, id, { ...SETTINGS, interruptOnError });
      assert.equal(await interrupts(), interruptOnError);
    }
  }
});

Deno.test("createTarget() creates a target that other tools can turn interruptOnError off of", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const { id } = await createTarget(instance, SETTINGS);
  const targetType = { case: "restCall" as const, value: {} };
  await actionsOf(sandbox).updateTarget({ id, targetType });
  assert.equal((await listTargets(instance))[0]!.interruptOnError, false);
});

Deno.test("updateTarget() changes a target whose endpoint is denied by now", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const { id } = await createTarget(instance, SETTINGS);
  const endpoint = "http://gone.invalid/";
  sandbox.world.targets.get(id)!.endpoint = endpoint;
  const changed = { ...SETTINGS, endpoint, interruptOnError: false };
  await updateTarget(instance, id, changed);
  const [target] = await listTargets(instance);
  assert.deepEqual(
    [target!.endpoint, target!.interruptOnError],
    [endpoint, false],
  );
  await assert.rejects(
    updateTarget(instance, id, {
      ...SETTINGS,
      endpoint: "http://other.invalid/",
    }),
    /ZITADEL refuses the endpoint/,
  );
});
