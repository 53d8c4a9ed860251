import assert from "node:assert/strict";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { createUpstream } from "../../../harness/sandbox/upstream.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  listMetadata,
  removeMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import { createTarget, listTargets } from "../../../harness/zitadel/target.ts";
import { ACME } from "../sandbox/_call.ts";

/** What older releases lack: calls of it are answered as they were recorded. */
const LACKING = {
  management_v1: /^\/zitadel\.(?:org\.v2(?:beta)?|action\.v2)\./,
  v2beta: /^\/zitadel\.org\.v2\.OrganizationService\/\w+Metadata$/,
} as const;

for (const api of ["v2beta", "management_v1"] as const) {
  Deno.test(`the commands read and write metadata and targets if ${api} is the newest API`, async () => {
    await using sandbox = await startSandbox();
    const older = createUpstream({ organizations: {}, api });
    const missing =
      "/zitadel.org.v2.OrganizationService/ListOrganizationMetadata";
    await using proxy = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async ({ url, method, headers, body }) => {
        const { pathname, origin } = new URL(url);
        const isMissing = LACKING[api].test(pathname);
        const init = {
          method,
          headers,
          body: await new Response(body).bytes(),
        };
        return isMissing
          ? await older.fetch(origin + missing, init)
          : await fetch(sandbox.origin + pathname, init);
      },
    );
    const instance = connect(
      `http://127.0.0.1:${proxy.addr.port}`,
      sandbox.adminToken,
    );
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
