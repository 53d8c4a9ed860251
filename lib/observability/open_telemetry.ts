import type { Telemetry } from "./telemetry.ts";

/** Where what exports by OpenTelemetry is registered, by Deno too (`@opentelemetry/api`, global-utils). */
const TELEMETRY_REGISTRY = Symbol.for("opentelemetry.js.api.1");

const NO_TELEMETRY: Telemetry = {
  call: () => {},
  lookup: () => {},
  claim: () => {},
  upstream: (read) => read(),
};

/**
 * Says whether something exports by OpenTelemetry, as Deno does where
 * `OTEL_DENO=true` is set.
 *
 * @returns Whether metrics and spans, and what goes through `console`, are exported.
 */
export function isExporting(): boolean {
  return TELEMETRY_REGISTRY in globalThis;
}

/**
 * Loads OpenTelemetry where something exports by it; loading takes half as long
 * as a bare server's start.
 *
 * @param now Tells the time, in milliseconds.
 * @returns Where to tell what happens.
 */
export async function openTelemetry(now: () => number): Promise<Telemetry> {
  if (!isExporting()) return NO_TELEMETRY;
  const { createTelemetry } = await import("./telemetry.ts");
  return createTelemetry(now);
}
