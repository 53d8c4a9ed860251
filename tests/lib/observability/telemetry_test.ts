import assert from "node:assert/strict";
import { createUpstream } from "../../../harness/sandbox/upstream.ts";
import { openTelemetry } from "../../../lib/observability/telemetry.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
  permissionsIn,
} from "../_function.ts";
import { TelemetryRecorder } from "../_telemetry_recorder.ts";

const SPAN = "read organization metadata";

Deno.test("openTelemetry() times a reading that fails, and hands its error on", async () => {
  using recorder = new TelemetryRecorder();
  let now = 1_000;
  const { upstream } = await openTelemetry(() => now);
  const error = new Error("canary");
  await assert.rejects(
    upstream(() => {
      now += 2_000;
      return Promise.reject(error);
    }),
    (caught) => caught === error,
  );
  assert.deepEqual(recorder.of("permissions.upstream.duration"), [
    [2_000, { outcome: "error" }],
  ]);
  assert.deepEqual(recorder.spans, [{ name: SPAN, isError: true, told: [] }]);
});

Deno.test("openTelemetry() names the units", async () => {
  using recorder = new TelemetryRecorder();
  await openTelemetry(() => 0);
  assert.deepEqual(Object.fromEntries(recorder.instruments), {
    "permissions.calls": undefined,
    "permissions.call.duration": "ms",
    "permissions.mapping.lookups": undefined,
    "permissions.upstream.duration": "ms",
    "permissions.claim.size": "By",
    "permissions.claim.large": undefined,
  });
});

Deno.test("openTelemetry() costs no call when nothing takes the metrics", async () => {
  const telemetry = await openTelemetry(() => 0);
  telemetry.call("permissions", "function/preuserinfo", 1);
  telemetry.lookup("memory");
  telemetry.claim(5_000, true);
  assert.equal(await telemetry.upstream(() => Promise.resolve(1)), 1);
});

Deno.test("createHandler() counts and times calls, look-ups, readings and claims", async () => {
  using recorder = new TelemetryRecorder();
  let now = NOW;
  const metadata = { admin: btoa("x".repeat(5_000)) };
  const upstream = createUpstream({
    organizations: {
      ...login.organizations,
      "2": { readable: true, metadata },
    },
  });
  const { call, handle } = await createTestFunction({
    now: () => now,
    fetch: (input, init) => {
      now += 40;
      return upstream.fetch(input, init);
    },
  });
  const claim = JSON.stringify(await permissionsIn(await call(loginPayload())));
  await call(loginPayload());
  await call({ ...loginPayload(), org: { id: "2" } });
  await call("{");
  await call({ ...loginPayload(), function: "function/other" });
  await handle(new Request("http://localhost/healthz"));
  const told = (name: string) =>
    recorder.of(`permissions.${name}`).map(([value, attributes]) =>
      [value, ...Object.values(attributes)].join(" ")
    );
  const answered = "1 permissions function/preaccesstoken";
  assert.deepEqual(told("calls"), [
    ...Array(3).fill(answered),
    "1 invalid_payload none",
    "1 unknown_function function/other",
  ]);
  assert.deepEqual(told("call.duration"), [
    "40 permissions",
    "0 permissions",
    "40 permissions",
    "0 invalid_payload",
    "0 unknown_function",
  ]);
  const lookups = ["1 zitadel", "1 memory", "1 zitadel"];
  assert.deepEqual(told("mapping.lookups"), lookups);
  assert.deepEqual(told("upstream.duration"), ["40 ok", "40 ok"]);
  const sizes = [claim.length, claim.length, 5_004];
  assert.deepEqual(told("claim.size"), sizes.map(String));
  assert.deepEqual(told("claim.large"), ["1"]);
  const span = { name: SPAN, isError: false, told: [] };
  assert.deepEqual(recorder.spans, [span, span]);
});
