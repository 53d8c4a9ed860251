import assert from "node:assert/strict";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  listMetadata,
  removeMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import { createTarget, listTargets } from "../../../harness/zitadel/target.ts";
import { ACME } from "../sandbox/_call.ts";
import { serveOlderRelease } from "./_older_release.ts";

for (const api of ["v2beta", "management_v1"] as const) {
  Deno.test(`the commands read and write metadata and targets if ${api} is the newest API`, async () => {
    await using sandbox = await startSandbox();
    await using older = serveOlderRelease(sandbox, api);
    const instance = connect(older.origin, sandbox.adminToken);
    const value = new TextEncoder().encode('["a"]');
    const before = await listMetadata(instance, ACME);
    assert.equal(before.api, api);
    await setMetadata(instance, ACME, [{ key: "new", value }]);
    const { metadata } = sandbox.world.organizations.get(ACME)!;
    assert.deepEqual(metadata.get("new")?.value, value);
    await removeMetadata(instance, ACME, ["new"]);
    assert.deepEqual(await listMetadata(instance, ACME), before);

    const { id } = await createTarget(instance, {
      name: "ours",
      endpoint: "http://localhost:8000/",
      timeoutSeconds: 1.5,
      interruptOnError: true,
    });
    const [target] = await listTargets(instance);
    assert.deepEqual(
      [target?.id, target?.timeoutSeconds, target?.interruptOnError],
      [id, 1.5, true],
    );
  });
}
