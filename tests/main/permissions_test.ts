import { projectPath } from "../../harness/util/project_path.ts";
import assert from "node:assert/strict";
import { startFunction } from "../../harness/function/function_process.ts";
import { leastPermissions } from "../../harness/function/least_permissions.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { signPayload } from "../../lib/request/signature.ts";

const FORBIDDEN = projectPath("tests/main/_forbidden.ts");
const KEY = "key-of-the-confined-target";

Deno.test("main.ts works with its settings and its instance, and can do nothing else", async () => {
  const upstream = createUpstream({
    organizations: {
      "1": { readable: true, metadata: { viewer: btoa('["posts:read"]') } },
    },
  });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => upstream.fetch(request),
  );
  const env = {
    ZITADEL_DOMAIN: `http://127.0.0.1:${server.addr.port}`,
    AUTHORIZATION_SIGNING_KEY: KEY,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    KV_URL: ":memory:",
    HOST: "127.0.0.1",
    PORT: "0",
  };
  await using process = await startFunction({
    env,
    permissions: [...leastPermissions(env), `--preload=${FORBIDDEN}`],
  });

  const body = JSON.stringify({
    function: "function/preaccesstoken",
    org: { id: "1" },
    user_grants: [
      { project_id: "2", resource_owner: "1", state: 1, roles: ["viewer"] },
    ],
  });
  const response = await fetch(process.url, {
    method: "POST",
    body,
    headers: {
      "zitadel-signature": await signPayload(
        KEY,
        Math.floor(Date.now() / 1000),
        body,
      ),
    },
  });
  assert.equal(response.status, 200, process.lines.join("\n"));
  assert.deepEqual((await response.json()).append_claims[0].value, [
    "posts:read",
  ]);

  const attempts = JSON.parse(
    /^ATTEMPTS (.*)$/m.exec(process.lines.join("\n"))![1]!,
  );
  assert.deepEqual(
    Object.entries(attempts).filter(([name, result]) =>
      result !== (name.startsWith("import ") ? "NotAsked" : "NotCapable")
    ),
    [],
    "the process could do what it should not",
  );
  assert.equal(Object.keys(attempts).length, 14);

  assert.equal(await process.stop(), 0, process.lines.join("\n"));
});
