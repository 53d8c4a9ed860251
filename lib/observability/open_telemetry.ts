import type { Telemetry } from "./telemetry.ts";

/** Where `@opentelemetry/api` keeps what exports, Deno's own exporter too (its global-utils). */
const TELEMETRY_REGISTRY = Symbol.for("opentelemetry.js.api.1");

const NO_TELEMETRY: Telemetry = {
  call: () => {},
  lookup: () => {},
  claim: () => {},
  upstream: (read) => read(),
};

/**
 * Reports whether something exports by OpenTelemetry, as Deno does if
 * `OTEL_DENO=true` is set.
 *
 * @returns `true` if metrics and spans, and what goes through `console`, are exported.
 */
export function isExporting(): boolean {
  return TELEMETRY_REGISTRY in globalThis;
}

/**
 * Loads OpenTelemetry if something exports by it; loading takes half as long as
 * a bare server's start.
 *
 * @param now Returns the time, in milliseconds.
 * @returns The instruments; without an exporter they do nothing.
 */
export async function openTelemetry(now: () => number): Promise<Telemetry> {
  if (!isExporting()) return NO_TELEMETRY;
  const { createTelemetry } = await import("./telemetry.ts");
  return createTelemetry(now);
}
