import { SETTINGS } from "../../lib/config/settings.ts";

/**
 * What Deno itself reads: where its cache is (by registry), certificates, the
 * proxy, KV's token, and the exporter's settings. Deno takes the proxy's in small letters too.
 */
const OF_DENO =
  /^(?:HOME|DENO_DIR|XDG_CACHE_HOME|NPM_CONFIG_REGISTRY|DENO_CERT|DENO_TLS_CA_STORE|DENO_KV_ACCESS_TOKEN|OTEL_\w+|(?:HTTPS?|NO)_PROXY|(?:https?|no)_proxy)$/;

/**
 * Picks the variables that a process of the function may have: its settings and
 * what Deno reads. An administrator's token never reaches it.
 */
export function functionEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (Object.hasOwn(SETTINGS, name) || OF_DENO.test(name)) {
      picked[name] = value;
    }
  }
  return picked;
}

/** Picks what Deno reads, without any setting of the function. */
export function denoEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(functionEnvironment(env)).filter(([name]) =>
      !Object.hasOwn(SETTINGS, name)
    ),
  );
}
