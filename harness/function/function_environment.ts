import { SETTINGS } from "../../lib/config/settings.ts";
import { denoEnvironment } from "../util/deno_environment.ts";
import type { Environment } from "../util/proxy.ts";

/**
 * Picks the variables that a process of the function may have: its settings and
 * what Deno reads. An administrator's token never reaches it.
 */
export function functionEnvironment(env: Environment): Record<string, string> {
  const settings = Object.keys(SETTINGS).flatMap((name) =>
    env[name] === undefined ? [] : [[name, env[name]] as const]
  );
  return { ...Object.fromEntries(settings), ...platformEnvironment(env) };
}

/** Picks what Deno reads for the function: KV's token and the exporter's settings too. */
export function platformEnvironment(env: Environment): Record<string, string> {
  const ofOtel = Object.keys(env).filter((name) => /^OTEL_\w+$/.test(name));
  return denoEnvironment(env, ["DENO_KV_ACCESS_TOKEN", ...ofOtel]);
}
