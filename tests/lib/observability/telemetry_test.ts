import assert from "node:assert/strict";
import { createUpstream } from "../../../harness/sandbox/upstream.ts";
import { createTelemetry } from "../../../lib/observability/telemetry.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
  permissionsIn,
} from "../_function.ts";
import { TelemetryRecorder } from "../_telemetry_recorder.ts";

const SPAN = "read organization metadata";

Deno.test("createTelemetry() counts and times calls", () => {
  using recorder = new TelemetryRecorder();
  createTelemetry(() => 0).call("permissions", "function/preuserinfo", 7);
  assert.deepEqual(recorder.of("permissions.calls"), [
    [1, { outcome: "permissions", condition: "function/preuserinfo" }],
  ]);
  assert.deepEqual(recorder.of("permissions.call.duration"), [
    [7, { outcome: "permissions" }],
  ]);
});

Deno.test("createTelemetry() counts look-ups by where they came from", () => {
  using recorder = new TelemetryRecorder();
  const { lookup } = createTelemetry(() => 0);
  lookup("memory");
  lookup("zitadel");
  assert.deepEqual(recorder.of("permissions.mapping.lookups"), [
    [1, { source: "memory" }],
    [1, { source: "zitadel" }],
  ]);
});

Deno.test("createTelemetry() measures claims, and counts the large ones", () => {
  using recorder = new TelemetryRecorder();
  const { claim } = createTelemetry(() => 0);
  claim(100, false);
  claim(5_000, true);
  assert.deepEqual(recorder.of("permissions.claim.size"), [[100, {}], [
    5_000,
    {},
  ]]);
  assert.deepEqual(recorder.of("permissions.claim.large"), [[1, {}]]);
});

Deno.test("createTelemetry() times a reading under a span", async () => {
  using recorder = new TelemetryRecorder();
  let now = 1_000;
  const { upstream } = createTelemetry(() => now);
  const result = await upstream(() => {
    now += 120;
    return Promise.resolve("result");
  });
  assert.equal(result, "result");
  assert.deepEqual(recorder.of("permissions.upstream.duration"), [
    [120, { outcome: "ok" }],
  ]);
  assert.deepEqual(recorder.spans, [
    { name: SPAN, isError: false, told: [] },
  ]);
});

Deno.test("createTelemetry() times a reading that fails, and hands its error on", async () => {
  using recorder = new TelemetryRecorder();
  let now = 1_000;
  const { upstream } = createTelemetry(() => now);
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

Deno.test("createTelemetry() names the units", () => {
  using recorder = new TelemetryRecorder();
  createTelemetry(() => 0);
  assert.deepEqual(Object.fromEntries(recorder.instruments), {
    "permissions.calls": undefined,
    "permissions.call.duration": "ms",
    "permissions.mapping.lookups": undefined,
    "permissions.upstream.duration": "ms",
    "permissions.claim.size": "By",
    "permissions.claim.large": undefined,
  });
});

Deno.test("createTelemetry() costs no call when nothing takes the metrics", async () => {
  const telemetry = createTelemetry(() => 0);
  telemetry.call("permissions", "function/preuserinfo", 1);
  telemetry.lookup("memory");
  telemetry.claim(5_000, true);
  assert.equal(await telemetry.upstream(() => Promise.resolve(1)), 1);
});

Deno.test("createHandler() counts and times calls, look-ups, readings and claims", async () => {
  using recorder = new TelemetryRecorder();
  let now = NOW;
  const upstream = createUpstream(login);
  const { call, handle } = await createTestFunction({
    now: () => now,
    fetch: (input, init) => {
      now += 40;
      return upstream.fetch(input, init);
    },
  });
  const claim = JSON.stringify(await permissionsIn(await call(loginPayload())));
  await call(loginPayload());
  await call("{", {});
  await call({ ...loginPayload(), function: "function/other" });
  await handle(new Request("http://localhost/healthz"));
  const condition = "function/preaccesstoken";
  assert.deepEqual(recorder.of("permissions.calls"), [
    [1, { outcome: "permissions", condition }],
    [1, { outcome: "permissions", condition }],
    [1, { outcome: "invalid_payload", condition: "none" }],
    [1, { outcome: "unknown_function", condition: "function/other" }],
  ]);
  assert.deepEqual(
    recorder.of("permissions.call.duration").map(([ms]) => ms),
    [40, 0, 0, 0],
  );
  assert.deepEqual(recorder.of("permissions.mapping.lookups"), [
    [1, { source: "zitadel" }],
    [1, { source: "memory" }],
  ]);
  assert.deepEqual(recorder.of("permissions.upstream.duration"), [
    [40, { outcome: "ok" }],
  ]);
  assert.deepEqual(
    recorder.of("permissions.claim.size"),
    [[claim.length, {}], [claim.length, {}]],
  );
});
