import assert from "node:assert/strict";
import { startWebhookTarget } from "../../../harness/conformance/webhook_target.ts";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";
import {
  ACME,
  actionsOf,
  bindTarget,
  call,
  createTarget,
  tokenFor,
} from "./_call.ts";

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

Deno.test("startSandbox() refuses targets at private addresses with denyPrivateAddresses", async (t) => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox({ denyPrivateAddresses: true });
  const hosts: Record<string, boolean> = {
    "localhost": false,
    "127.8.9.1": false,
    "0.0.0.0": false,
    "10.1.2.3": false,
    "172.16.0.1": false,
    "172.32.0.1": true,
    "192.168.1.1": false,
    "100.64.0.1": false,
    "100.128.0.1": true,
    "169.254.169.254": false,
    "198.18.0.1": false,
    "[::1]": false,
    "[fd00::1]": false,
    "[fe80::1]": false,
    "[::ffff:8.8.8.8]": false,
    "[2606:4700::1111]": true,
    "1.1.1.1": true,
  };
  for (const [host, isAllowed] of Object.entries(hosts)) {
    await t.step(`${host}: ${isAllowed ? "allowed" : "denied"}`, async () => {
      const creation = createTarget(sandbox, {
        endpoint: `http://${host}:8080/`,
      });
      if (isAllowed) await creation;
      else await assert.rejects(creation, /Errors\.Target\.DeniedURL/);
    });
  }
  await t.step("an existing target is no longer called", async () => {
    const { id } = await bindTarget(sandbox, "http://1.1.1.2/");
    sandbox.world.targets.get(id)!.endpoint = `${target.origin}/`;
    assert.equal((await tokenFor(sandbox)).status, 200);
    sandbox.world.targets.get(id)!.interruptOnError = true;
    const { status, answer } = await tokenFor(sandbox);
    assert.deepEqual([status, answer.error], [500, "server_error"]);
    assert.equal(target.calls.length, 0);
    assert.match(sandbox.exchanges[0]!.error!, /localhost is denied/);
  });
});
