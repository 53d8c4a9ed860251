/**
 * Metrics and spans by OpenTelemetry. Deno exports them if `OTEL_DENO=true` is
 * set. `examples/monitoring` has alerts on them.
 *
 * @module
 */
import type { FunctionError } from "../errors.ts";
import type { Log } from "./log.ts";

const NAME = "zitadel-permissions";

/** Where `@opentelemetry/api` keeps what exports, Deno's own exporter too (its global-utils). */
const TELEMETRY_REGISTRY = Symbol.for("opentelemetry.js.api.1");

/** Bounds of durations, in seconds: from a call that memory answers to a target's usual timeout. */
const DURATIONS = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];

/** Bounds of sizes, in bytes. Over 4,096 a claim is long, and near 8 kB proxies cut headers. */
const SIZES = [64, 256, 1_024, 2_048, 4_096, 8_192, 32_768, 262_144];

/** Reports whether something exports metrics, spans and what goes through `console`. */
export function isExporting(): boolean {
  return TELEMETRY_REGISTRY in globalThis;
}

/** Counts and times what happens. */
export type Telemetry = NonNullable<Awaited<ReturnType<typeof openTelemetry>>>;

/**
 * Creates the function's instruments; none unless something exports: loading
 * OpenTelemetry takes half as long as a bare server's start.
 */
export async function openTelemetry(now: () => number) {
  if (!isExporting()) return undefined;
  const { metrics, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const meter = metrics.getMeter(NAME);
  const tracer = trace.getTracer(NAME);
  const calls = meter.createHistogram("permissions.call.duration", {
    description: "Time from request to reply, by outcome",
    unit: "s",
    advice: { explicitBucketBoundaries: DURATIONS },
  });
  const lookups = meter.createCounter("permissions.mapping.lookups", {
    description: "Look-ups of a mapping, by source",
    unit: "{lookup}",
  });
  const upstream = meter.createHistogram("permissions.upstream.duration", {
    description: "Time taken to read organization metadata",
    unit: "s",
    advice: { explicitBucketBoundaries: DURATIONS },
  });
  const claims = meter.createHistogram("permissions.claim.size", {
    description: "Size of a claim that was sent",
    unit: "By",
    advice: { explicitBucketBoundaries: SIZES },
  });
  const problems = meter.createCounter("permissions.problems", {
    description: "Log lines with a reason, by reason",
    unit: "{problem}",
  });
  return {
    /** A call was answered, with an HTTP status. */
    call(outcome: string, condition: string, status: number, ms: number) {
      calls.record(ms / 1_000, {
        "permissions.outcome": outcome,
        "permissions.condition": condition,
        ...status >= 500 && { "error.type": outcome },
      });
      // Deno copies the route to its own metrics of the request.
      if (status !== 404) {
        trace.getActiveSpan()?.setAttribute("http.route", "/");
      }
    },
    /** A mapping was looked up. */
    lookup(source: string) {
      lookups.add(1, { "permissions.source": source });
    },
    /** A claim was sent. */
    claim(bytes: number) {
      claims.record(bytes);
    },
    /** Reads metadata under a span, and times it. */
    upstream<T>(read: () => Promise<T>): Promise<T> {
      return tracer.startActiveSpan(
        "read organization metadata",
        async (span) => {
          const begin = now();
          const attributes: Record<string, string> = {};
          try {
            return await read();
          } catch (error) {
            attributes["error.type"] = errorType(error);
            span.setStatus({ code: SpanStatusCode.ERROR });
            throw error;
          } finally {
            upstream.record((now() - begin) / 1_000, attributes);
            span.end();
          }
        },
      );
    },
    /** Counts the lines of a log that have a reason. */
    watch: (log: Log): Log =>
      function logAndCount(entry) {
        if (entry.reason !== undefined) {
          problems.add(1, { "permissions.reason": entry.reason });
        }
        log(entry);
      },
  };
}

/** Returns an error's reason; `_OTHER` is OpenTelemetry's word for any other. */
function errorType(error: unknown): string {
  return (error as Partial<FunctionError> | undefined)?.details?.reason ??
    "_OTHER";
}
