/**
 * Metrics and spans by OpenTelemetry. Deno exports them if `OTEL_DENO=true` is
 * set.
 *
 * @module
 */

const NAME = "zitadel-permissions";

/** Where `@opentelemetry/api` keeps what exports, Deno's own exporter too (its global-utils). */
const TELEMETRY_REGISTRY = Symbol.for("opentelemetry.js.api.1");

/** Counts and times what happens. */
export interface Telemetry {
  /** A call was answered. */
  call(outcome: string, condition: string, ms: number): void;
  /** A mapping was looked up. */
  lookup(source: string): void;
  /** A claim was sent; `isLarge` if a proxy may cut it. */
  claim(bytes: number, isLarge: boolean): void;
  /** Reads metadata under a span, and times it. */
  upstream<T>(read: () => Promise<T>): Promise<T>;
}

/** Reports whether something exports metrics, spans and what goes through `console`. */
export function isExporting(): boolean {
  return TELEMETRY_REGISTRY in globalThis;
}

/**
 * Creates the function's instruments, which do nothing unless something
 * exports: loading OpenTelemetry takes half as long as a bare server's start.
 */
export async function openTelemetry(now: () => number): Promise<Telemetry> {
  if (!isExporting()) {
    const ignore = () => {};
    return {
      call: ignore,
      lookup: ignore,
      claim: ignore,
      upstream: (read) => read(),
    };
  }
  const { metrics, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const meter = metrics.getMeter(NAME);
  const tracer = trace.getTracer(NAME);
  const calls = meter.createCounter("permissions.calls", {
    description: "Calls from ZITADEL, by outcome",
  });
  const duration = meter.createHistogram("permissions.call.duration", {
    description: "Time from request to reply",
    unit: "ms",
  });
  const lookups = meter.createCounter("permissions.mapping.lookups", {
    description: "Look-ups of a mapping, by source",
  });
  const upstream = meter.createHistogram("permissions.upstream.duration", {
    description: "Time taken to read organization metadata, by outcome",
    unit: "ms",
  });
  const claimBytes = meter.createHistogram("permissions.claim.size", {
    description: "Size of the permissions claim",
    unit: "By",
  });
  const largeClaims = meter.createCounter("permissions.claim.large", {
    description: "Permissions claims that a proxy may cut",
  });
  return {
    call(outcome, condition, ms) {
      calls.add(1, { outcome, condition });
      duration.record(ms, { outcome });
    },
    lookup(source) {
      lookups.add(1, { source });
    },
    claim(bytes, isLarge) {
      claimBytes.record(bytes);
      if (isLarge) largeClaims.add(1);
    },
    upstream(read) {
      return tracer.startActiveSpan(
        "read organization metadata",
        async (span) => {
          const begin = now();
          let outcome = "error";
          try {
            const result = await read();
            outcome = "ok";
            return result;
          } catch (error) {
            span.setStatus({ code: SpanStatusCode.ERROR });
            throw error;
          } finally {
            upstream.record(now() - begin, { outcome });
            span.end();
          }
        },
      );
    },
  };
}
