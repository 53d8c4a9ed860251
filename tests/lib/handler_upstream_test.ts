import assert from "node:assert/strict";
import { UPSTREAM_ORIGIN } from "../../harness/sandbox/upstream.ts";
import { createTestFunction, loginPayload } from "./_function.ts";

Deno.test("createHandler() names the instance when it is the instance that fails", async () => {
  const { call, log } = await createTestFunction({
    fetch: () => Promise.reject(new TypeError("refused")),
  });
  await call(loginPayload());
  assert.equal(log[0]?.zitadel, UPSTREAM_ORIGIN);
  assert.equal(log[0]?.error, "refused");
});

Deno.test("createHandler() names the credential that ZITADEL refuses", async () => {
  const { call, log } = await createTestFunction({
    settings: { ACCESS_TOKEN: "another" },
  });
  await call(loginPayload());
  assert.match(log[0]!.message, /refused the service user's credential$/);
  assert.equal(log[0]!.credential, "ACCESS_TOKEN");
});
