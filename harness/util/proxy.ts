import { BlockList, isIP } from "node:net";

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

/** Returns the name of the variable whose proxy a request to the URL takes. */
export function proxyVariable(
  url: string,
  env: Environment,
): string | undefined {
  const { protocol, hostname } = URL.parse(url) ?? {};
  if (!hostname) return undefined;
  const name = VARIABLES[protocol!]?.find((name) => env[name]);
  if (name === undefined) return undefined;
  const bypassed = (env.NO_PROXY ?? env.no_proxy ?? "").split(",");
  const host = hostname.replace(/^\[|\]$/g, "");
  return bypassed.some((entry) => isBypassed(host, entry.trim()))
    ? undefined
    : name;
}

/** Returns `, through the proxy in HTTPS_PROXY` if this process's requests to the URL take one. */
export function viaProxy(url: string): string {
  const name = proxyVariable(url, Deno.env.toObject());
  return name ? `, through the proxy in ${name}` : "";
}

function isBypassed(host: string, entry: string): boolean {
  if (entry === "*") return true;
  const family = isIP(host);
  if (family === 0) {
    const domain = entry.replace(/^\./, "");
    return domain !== "" && `.${host}`.endsWith(`.${domain}`);
  }
  const [address = "", prefix = family === 4 ? 32 : 128] = entry.split("/");
  if (isIP(address) !== family) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), type);
  return list.check(host, type);
}
