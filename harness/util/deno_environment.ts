import { type Environment, noProxyOnLoopback } from "./proxy.ts";

/**
 * What Deno itself reads: its cache and registry, certificates, the proxy (in small
 * letters too), and on Windows where the system's and the user's files are.
 */
const OF_DENO =
  /^(?:HOME|DENO_DIR|XDG_CACHE_HOME|NPM_CONFIG_REGISTRY|DENO_CERT|DENO_TLS_CA_STORE|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS|(?:HTTPS?|NO)_PROXY|(?:https?|no)_proxy|SYSTEMROOT|SystemRoot|LOCALAPPDATA)$/;

/** What programs for developers read beside: where programs and temporary files are, and how to print. */
export const OF_TOOLS: readonly string[] = [
  ...["PATH", "TMPDIR", "TEMP", "TMP", "LANG"],
  ...["TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CI", "DENO_JOBS"],
];

/**
 * Picks the variables of a child process: what Deno reads, and others by name. It
 * neither looks for updates of Deno nor asks a proxy for this machine.
 */
export function denoEnvironment(
  env: Environment,
  others: readonly string[] = [],
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (OF_DENO.test(name) || others.includes(name)) picked[name] = value;
  }
  const noProxy = noProxyOnLoopback(picked);
  return {
    ...picked,
    DENO_NO_UPDATE_CHECK: "1",
    ...noProxy !== undefined && { NO_PROXY: noProxy },
  };
}
