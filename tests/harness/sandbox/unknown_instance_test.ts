import assert from "node:assert/strict";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { call } from "./_call.ts";

Deno.test("startSandbox() finds its instance by the host or by x-zitadel-instance-host", async (t) => {
  await using sandbox = await startSandbox();
  const { host } = new URL(sandbox.origin);
  const elsewhere = {
    ...sandbox,
    origin: sandbox.origin.replace("127.0.0.1", "localhost"),
  };
  const known = { "x-zitadel-instance-host": host };

  await t.step("gRPC-web", async () => {
    await assert.rejects(
      listOrganizations(connect(elsewhere.origin, sandbox.adminToken)),
      /Instance not found/,
    );
  });
  for (
    const path of [
      "/.well-known/openid-configuration",
      "/oauth/v2/keys",
      "/oauth/v2/authorize",
    ]
  ) {
    await t.step(path, async () => {
      const refused = await call(elsewhere, `GET ${path}`);
      assert.equal(refused.status, 404);
      assert.match(refused.text, /^unable to set instance .*#domains\n$/);
      const answered = await call(elsewhere, `GET ${path}`, undefined, known);
      assert.notEqual(answered.status, 404);
      const other = { "x-zitadel-instance-host": "nope.example" };
      const unknown = await call(sandbox, `GET ${path}`, undefined, other);
      assert.equal(unknown.status, 404);
    });
  }
  await t.step("the issuer stays the public origin", async () => {
    const path = "GET /.well-known/openid-configuration";
    const { json } = await call(elsewhere, path, undefined, known);
    assert.equal(json().issuer, sandbox.origin);
  });
  await t.step("the health checks need no instance", async () => {
    assert.equal((await call(elsewhere, "GET /debug/ready")).status, 200);
  });
});
