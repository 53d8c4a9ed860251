import assert from "node:assert/strict";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  clientCredentials,
  login,
  roleScopes,
} from "../../../harness/zitadel/login.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import { createScratchOrganization } from "../../../harness/zitadel/scratch_organization.ts";

Deno.test("createScratchOrganization() is enough to log in, and is removed", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const before = await listOrganizations(instance);
  {
    await using scratch = await createScratchOrganization(instance);
    const person = await login(sandbox.origin, {
      ...scratch.application,
      ...scratch.person,
      scope: "openid offline_access",
      loginClientToken: sandbox.loginClientToken,
    });
    assert.ok(person.idToken);
    const { clientId, clientSecret } = scratch.robot;
    const scope = roleScopes(scratch.project.id);
    const robot = await clientCredentials(sandbox.origin, {
      clientId,
      clientSecret,
      scope,
    });
    assert.equal(robot.accessToken.split(".").length, 3);
    await assert.rejects(
      clientCredentials(sandbox.origin, {
        clientId,
        clientSecret: "wrong",
        scope,
      }),
      /^Error: Cannot get a token: .*\/oauth\/v2\/token answers 400 /,
    );
  }
  assert.deepEqual(await listOrganizations(instance), before);
});

Deno.test("createScratchOrganization() removes what it made where a step fails", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const before = await listOrganizations(instance);
  await assert.rejects(
    createScratchOrganization(instance, {
      signal: AbortSignal.abort(new Error("stop")),
    }),
    /stop/,
  );
  assert.deepEqual(await listOrganizations(instance), before);
});
