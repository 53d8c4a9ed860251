import assert from "node:assert/strict";
import { startWebhookTarget } from "../../../harness/conformance/webhook_target.ts";
import { RELEASES } from "../../../harness/sandbox/release.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { ACME, call, createTarget, tokenFor } from "./_call.ts";

for (const release of RELEASES) {
  Deno.test(`startSandbox() ignores a first update to "off" of a target created with interruptOnError on ${release}`, async () => {
    await using sandbox = await startSandbox({ release });
    const update = async (id: string, interruptOnError: boolean) => {
      const path = `/v2beta/actions/targets/${id}`;
      await call(sandbox, `POST ${path}`, { restCall: { interruptOnError } });
      return sandbox.world.targets.get(id)!.interruptOnError;
    };
    const created = { restCall: { interruptOnError: true } };
    const id = await createTarget(sandbox, created);
    const { changed } = sandbox.world.targets.get(id)!;
    assert.equal(await update(id, false), true);
    assert.equal(sandbox.world.targets.get(id)!.changed, changed);
    assert.equal(await update(id, true), true);
    assert.equal(await update(id, false), false);
    assert.equal(await update(id, true), true);

    const off = await createTarget(sandbox, {});
    assert.equal(await update(off, true), true);
    assert.equal(await update(off, false), false);
  });
}

Deno.test("startSandbox() delivers events to JSON targets only", async (t) => {
  for (const payloadType of ["PAYLOAD_TYPE_JWT", "PAYLOAD_TYPE_JWE"]) {
    await t.step(payloadType, async () => {
      await using target = startWebhookTarget();
      await using sandbox = await startSandbox();
      const wrapped = await createTarget(sandbox, {
        endpoint: `${target.origin}/wrapped`,
        payloadType,
      });
      // v2beta does not know the payload type.
      const { targets } = sandbox.world;
      targets.get(wrapped)!.payloadType = payloadType === "PAYLOAD_TYPE_JWT"
        ? "jwt"
        : "jwe";
      const plain = await createTarget(sandbox, {
        endpoint: `${target.origin}/plain`,
      });
      await call(sandbox, "PUT /v2/actions/executions", {
        condition: { event: { group: "org.metadata" } },
        targets: [wrapped, plain],
      });
      await call(sandbox, `PUT /_sandbox/organizations/${ACME}/metadata`, {});
      await sandbox.settled();
      const paths = new Set(target.calls.map(({ path }) => path));
      assert.deepEqual([...paths], ["/plain"]);
    });
  }
});

Deno.test("startSandbox() refuses targets at private addresses with denyPrivateAddresses", async (t) => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox({ denyPrivateAddresses: true });
  const create = (endpoint: string) =>
    call(sandbox, "POST /v2/actions/targets", {
      name: endpoint,
      endpoint,
      timeout: "5s",
      restCall: {},
    });
  const hosts: Record<string, number> = {
    "localhost": 400,
    "127.8.9.1": 400,
    "0.0.0.0": 400,
    "10.1.2.3": 400,
    "172.16.0.1": 400,
    "172.32.0.1": 200,
    "192.168.1.1": 400,
    "100.64.0.1": 400,
    "100.128.0.1": 200,
    "169.254.169.254": 400,
    "198.18.0.1": 400,
    "[::1]": 400,
    "[fd00::1]": 400,
    "[fe80::1]": 400,
    "[::ffff:8.8.8.8]": 400,
    "[2606:4700::1111]": 200,
    "1.1.1.1": 200,
  };
  for (const [host, status] of Object.entries(hosts)) {
    await t.step(`${host}: ${status}`, async () => {
      const answer = await create(`http://${host}:8080/`);
      assert.equal(answer.status, status);
      if (status === 400) {
        assert.match(answer.text, /Errors\.Target\.DeniedURL/);
      }
    });
  }
  await t.step("an existing target is no longer called", async () => {
    const id = (await create("http://1.1.1.2/")).json().id;
    sandbox.world.targets.get(id)!.endpoint = `${target.origin}/`;
    await call(sandbox, "PUT /v2/actions/executions", {
      condition: { function: { name: "preaccesstoken" } },
      targets: [id],
    });
    assert.equal((await tokenFor(sandbox)).status, 200);
    sandbox.world.targets.get(id)!.interruptOnError = true;
    const { status, answer } = await tokenFor(sandbox);
    assert.deepEqual([status, answer.error], [500, "server_error"]);
    assert.equal(target.calls.length, 0);
    assert.match(sandbox.exchanges[0]!.error!, /localhost is denied/);
  });
});
