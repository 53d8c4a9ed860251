import assert from "node:assert/strict";
import {
  type Attributes,
  metrics,
  type Span,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { createUpstream } from "../../../harness/sandbox/upstream.ts";
import { openTelemetry } from "../../../lib/observability/telemetry.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
  permissionsIn,
} from "../_function.ts";

/** Takes metrics and spans in place of an exporter, until it is disposed of. */
class TelemetryRecorder implements Disposable {
  /** What the instruments were given. */
  readonly measurements: {
    name: string;
    value: number;
    attributes: Attributes;
  }[] = [];
  /** The spans that ended. */
  readonly spans: { name: string; isError: boolean }[] = [];
  /** The names of the instruments, with their units. */
  readonly instruments = new Map<string, string | undefined>();

  /** Begins to take them. */
  constructor() {
    const instrument = (name: string, options?: { unit?: string }) => {
      this.instruments.set(name, options?.unit);
      const take = (value: number, attributes: Attributes = {}) =>
        void this.measurements.push({ name, value, attributes });
      return { add: take, record: take };
    };
    metrics.setGlobalMeterProvider({
      getMeter: () =>
        ({ createCounter: instrument, createHistogram: instrument }) as never,
    });
    trace.setGlobalTracerProvider({
      getTracer: () => ({
        startActiveSpan: (name: string, run: (span: Span) => unknown) =>
          run(this.#span(name)),
      } as never),
    });
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    metrics.disable();
    trace.disable();
  }

  /** A span that takes nothing but its status. */
  #span(name: string): Span {
    let isError = false;
    return {
      setStatus: ({ code }: { code: number }) => {
        isError = code === SpanStatusCode.ERROR;
      },
      end: () => void this.spans.push({ name, isError }),
    } as never;
  }
}

const SPAN = "read organization metadata";

Deno.test("openTelemetry() names the units", async () => {
  using recorder = new TelemetryRecorder();
  await openTelemetry(() => 0);
  assert.deepEqual(Object.fromEntries(recorder.instruments), {
    "permissions.call.duration": "s",
    "permissions.mapping.lookups": "{lookup}",
    "permissions.upstream.duration": "s",
    "permissions.claim.size": "By",
    "permissions.problems": "{problem}",
  });
});

Deno.test("createHandler() counts and times calls, look-ups, readings, claims and problems", async () => {
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
  await call({ ...loginPayload(), org: { id: "3" } });
  const told = (name: string) =>
    recorder.measurements.filter((it) => it.name === `permissions.${name}`)
      .map((it) => [it.value, ...Object.values(it.attributes)].join(" "));
  const answered = "permissions function/preaccesstoken";
  assert.deepEqual(told("call.duration"), [
    `0.04 ${answered}`,
    `0 ${answered}`,
    `0.04 ${answered}`,
    "0 invalid_payload none",
    "0 unknown_function function/other",
    "0.08 upstream_failed function/preaccesstoken upstream_failed",
  ]);
  const lookups = ["1 zitadel", "1 memory", "1 zitadel"];
  assert.deepEqual(told("mapping.lookups"), lookups);
  assert.deepEqual(
    told("upstream.duration"),
    ["0.04", "0.04", "0.08 missing_permission"],
  );
  assert.deepEqual(told("problems"), ["1 long_claim", "1 missing_permission"]);
  const sizes = [claim.length, claim.length, 5_004];
  assert.deepEqual(told("claim.size"), sizes.map(String));
  assert.deepEqual(
    recorder.spans,
    [false, false, true].map((isError) => ({ name: SPAN, isError })),
  );
});
