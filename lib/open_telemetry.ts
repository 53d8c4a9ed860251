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
 * Loads OpenTelemetry where something exports by it; loading takes half as long
 * as a bare server's start.
 *
 * @param now Tells the time, in milliseconds.
 * @returns Where to tell what happens.
 */
export async function openTelemetry(now: () => number): Promise<Telemetry> {
  if (!(TELEMETRY_REGISTRY in globalThis)) return NO_TELEMETRY;
  const { createTelemetry } = await import("./telemetry.ts");
  return createTelemetry(now);
}
