import assert from "node:assert/strict";
import { startWebhookTarget } from "../../../harness/conformance/webhook_target.ts";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";
import { ACME, actionsOf, call, createTarget } from "./_call.ts";

/** What interruptOnError is after updates to off, on, off, on. */
const { rows } = JSON.parse(
  await Deno.readTextFile(
    new URL("recorded/behaviour/interrupt_on_error_updates.json", FIXTURES_URL),
  ),
);

for (const interruptOnError of [false, true]) {
  const created = `created with ${interruptOnError}`;
  Deno.test(`startSandbox() updates interruptOnError of a target ${created} as recorded`, async () => {
    await using sandbox = await startSandbox();
    const actions = actionsOf(sandbox);
    const { id } = await createTarget(sandbox, { interruptOnError });
    const seen: boolean[] = [];
    for (const interruptOnError of [false, true, false, true]) {
      const targetType = {
        case: "restCall" as const,
        value: { interruptOnError },
      };
      await actions.updateTarget({ id, targetType });
      seen.push(sandbox.world.targets.get(id)!.interruptOnError);
    }
    assert.deepEqual(seen, rows[created]);
  });
}

Deno.test("startSandbox() delivers events to JSON targets only", async () => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox();
  const ids = ["/jwt", "/jwe", "/json"].map(async (path) => {
    const endpoint = target.origin + path;
    const { id } = await createTarget(sandbox, { endpoint });
    sandbox.world.targets.get(id)!.payloadType = path.slice(1) as "json";
    return id;
  });
  await setExecution(connect(sandbox.origin, sandbox.adminToken), {
    condition: "event/group/org.metadata",
    targets: await Promise.all(ids),
  });
  await call(sandbox, `PUT /_sandbox/organizations/${ACME}/metadata`, {});
  await sandbox.settled();
  const paths = new Set(target.calls.map(({ path }) => path));
  assert.deepEqual([...paths], ["/json"]);
});
