/**
 * What operators, tests and other tools rely on. A change here breaks them, so
 * each value is written out.
 *
 * @module
 */
import assert from "node:assert/strict";
import { REMEDIES, STATUS } from "../lib/errors.ts";
import { SETTINGS } from "../lib/config/settings.ts";
import { VERSION } from "../lib/services.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
} from "./lib/_function.ts";
import { signPayload } from "../harness/util/sign_payload.ts";
import { EXIT } from "../harness/cli/exit.ts";

Deno.test("the settings have these names and defaults", () => {
  assert.deepEqual(
    Object.fromEntries(
      Object.entries(SETTINGS).map(([name, { default: value }]) => [
        name,
        value,
      ]),
    ),
    {
      ZITADEL_DOMAIN: "required",
      AUTHORIZATION_SIGNING_KEY: "required",
      ACCESS_TOKEN: "one credential is required",
      CLIENT_ID: "one credential is required",
      CLIENT_SECRET: "one credential is required",
      SERVICE_ACCOUNT_KEY: "one credential is required",
      ZITADEL_INTERNAL_URL: "unset",
      METADATA_ORGANIZATION: "user",
      PROJECTS: "unset",
      GRANTED_BY: "unset",
      APPLICATIONS: "unset",
      IMPERSONATION: "full",
      PERMISSIONS_CLAIM: "permissions",
      PERMISSIONS_SHAPE: "list",
      ROLES_CLAIM: "unset",
      CACHE_FRESH_SECONDS: "60",
      CACHE_STALE_SECONDS: "600",
      UPSTREAM_TIMEOUT_MS: "2000",
      PAYLOAD_PRIVATE_KEY: "unset",
      LOG_LEVEL: "info",
      KV_URL: "unset",
      PORT: "8000",
      HOST: "0.0.0.0",
    },
  );
});

Deno.test("the error codes have these statuses", () => {
  assert.deepEqual(STATUS, {
    invalid_signature: 401,
    invalid_payload: 400,
    not_found: 404,
    method_not_allowed: 405,
    payload_too_large: 413,
    internal_error: 500,
    upstream_failed: 502,
    overloaded: 503,
    upstream_timeout: 504,
  });
});

Deno.test("the log's reasons are these", () => {
  assert.deepEqual(Object.keys(REMEDIES).sort(), [
    "credential_rejected",
    "expiring_credential",
    "foreign_grants",
    "intercepted",
    "large_claim",
    "long_claim",
    "missing_permission",
    "missing_setting",
    "no_metadata_api",
    "omitted_values",
    "rate_limited",
    "replaced_claim",
    "replaced_value",
    "timeout",
    "unknown_instance",
    "unknown_key",
    "unlisted_application",
    "unreachable",
    "unreadable_answer",
    "unreadable_entries",
    "unstable_listing",
    "wrong_path",
  ]);
});

Deno.test("a canary is answered with the process and what it runs, and only a canary", async () => {
  const { call, handle } = await createTestFunction();
  const canary = JSON.stringify({ function: "function/canary" });
  const response = await call(canary);
  assert.equal(response.status, 200);
  const body = await response.json();
  assert.deepEqual(Object.keys(body), ["canary"]);
  assert.deepEqual(Object.keys(body.canary), [
    "process",
    "version",
    "credential",
    "deno",
    "event",
  ]);
  assert.match(body.canary.process, /^[0-9a-f]{8}$/);
  assert.equal(body.canary.version, VERSION);
  assert.match(body.canary.credential, /^[0-9a-f]{8}$/);
  assert.equal(body.canary.deno, Deno.version.deno);
  assert.equal(body.canary.event, null);
  for (const sequence of [7, 3, undefined]) {
    await call({ event_type: "org.metadata.set", aggregateID: "1", sequence });
    const { canary: { event } } = await (await call(canary)).json();
    assert.equal(event, sequence ?? null);
  }

  const signature = await signPayload(
    "another-key",
    Math.floor(NOW / 1_000),
    canary,
  );
  const forged = await handle(
    new Request("http://localhost/", {
      method: "POST",
      headers: { "zitadel-signature": signature },
      body: canary,
    }),
  );
  assert.equal(forged.status, 401);
  assert.equal(await forged.text(), '{"error":"invalid_signature"}');

  const other = await createTestFunction();
  const second = await (await other.call(canary)).json();
  assert.notEqual(second.canary.process, body.canary.process);
  assert.equal(second.canary.credential, body.canary.credential);

  for (const payload of [loginPayload(), login.request.body]) {
    assert.ok(!(await (await call(payload)).text()).includes("canary"));
  }
});

Deno.test("the exit codes are these", () => {
  assert.deepEqual(EXIT, {
    done: 0,
    warnings: 1,
    failed: 2,
    usage: 64,
    crash: 70,
    interrupted: 130,
  });
});

Deno.test("the commands are these", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../deno.json", import.meta.url)),
  );
  assert.deepEqual(Object.keys(tasks).sort(), [
    "bench",
    "build",
    "conformance",
    "demo",
    "deploy",
    "dev",
    "doctor",
    "explain",
    "fuzz",
    "ok",
    "record",
    "replay",
    "roles",
    "rotate",
    "setup",
    "start",
    "test",
    "test:browser",
    "test:kv",
  ]);
});
