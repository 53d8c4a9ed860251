/**
 * Metrics and spans by OpenTelemetry. Deno exports them by itself where
 * `OTEL_DENO=true` is set; elsewhere they cost next to nothing.
 *
 * @module
 */
import { metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import type { MappingSource } from "../mapping/cache.ts";
import { LARGE_CLAIM_BYTES } from "../claims/claims.ts";

const NAME = "zitadel-permissions";
const encoder = new TextEncoder();

/** Takes what is to be counted and timed. */
export interface Telemetry {
  /** A call was answered. */
  call(outcome: string, condition: string, ms: number): void;
  /** A mapping was looked up. */
  lookup(source: MappingSource): void;
  /** A reply that appends claims was sent. */
  claim(reply: string): void;
  /** Reads metadata under a span, and times it. */
  upstream<T>(read: () => Promise<T>): Promise<T>;
}

/**
 * Makes the function's instruments.
 *
 * @param now Tells the time, in milliseconds.
 * @returns Where to tell what happens.
 */
export function createTelemetry(now: () => number): Telemetry {
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
    description: "Look-ups of a mapping, by where it came from",
  });
  const upstream = meter.createHistogram("permissions.upstream.duration", {
    description: "Time that reading organization metadata took, by outcome",
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
    claim(reply) {
      const bytes = encoder.encode(reply).length;
      claimBytes.record(bytes);
      if (bytes > LARGE_CLAIM_BYTES) largeClaims.add(1);
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
