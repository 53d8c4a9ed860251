import { isLoopback } from "./is_loopback.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** As Deno's NO_PROXY takes them; `localhost` is its subdomains too. */
const LOOPBACK = "localhost,127.0.0.0/8,::1";

/** In the order in which Deno's `fetch` asks them. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  "http:": ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"],
  "https:": ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"],
};

/**
 * Returns the NO_PROXY that keeps requests to this machine away from a proxy;
 * `undefined` without one. Deno reads it at a process's first request.
 */
export function noProxyOnLoopback(env: Environment): string | undefined {
  if (!Object.values(VARIABLES).flat().some((name) => env[name])) {
    return undefined;
  }
  const given = env.NO_PROXY ?? env.no_proxy;
  if (!given) return LOOPBACK;
  return given.endsWith(LOOPBACK) ? given : `${given},${LOOPBACK}`;
}

/**
 * Returns `, and HTTPS_PROXY is set` if a failed request to the URL may have
 * taken that proxy: NO_PROXY may exempt it.
 */
export function noteProxy(text: string): string {
  const url = URL.parse(text);
  if (!url || isLoopback(url)) return "";
  const name = VARIABLES[url.protocol]?.find((name) => Deno.env.get(name));
  return name ? `, and ${name} is set` : "";
}
