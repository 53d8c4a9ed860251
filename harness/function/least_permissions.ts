import { SETTINGS } from "../../lib/config/settings.ts";

/**
 * Returns the permission flags that the function needs for its settings, and no
 * more: its variables by name, the network to ZITADEL, its own port and KV's
 * server, and files only if KV is one.
 */
export function leastPermissions(
  env: Readonly<Record<string, string>>,
): string[] {
  const {
    ZITADEL_DOMAIN = "",
    ZITADEL_INTERNAL_URL = "",
    HOST = "0.0.0.0",
    PORT = "8000",
    KV_URL = "",
  } = env;
  const hosts = hostOf(ZITADEL_INTERNAL_URL || ZITADEL_DOMAIN);
  // Deno would refuse the flag before `main.ts` can report what is wrong.
  if (isPort(PORT) && isHost(HOST)) hosts.push(`${inBrackets(HOST)}:${PORT}`);
  const names: string[] = Object.keys(SETTINGS);
  const files: string[] = [];
  if (/^https?:/.test(KV_URL)) {
    hosts.push(...hostOf(KV_URL));
    names.push("DENO_KV_ACCESS_TOKEN");
  } else if (KV_URL && KV_URL !== ":memory:") {
    // A comma separates paths; two are one of the path.
    const path = KV_URL.replaceAll(",", ",,");
    files.push(`--allow-read=${path}`, `--allow-write=${path}`);
  }
  return [
    ...hosts.length > 0 ? [`--allow-net=${hosts.join(",")}`] : [],
    `--allow-env=${names.join(",")}`,
    ...files,
  ];
}

/** Writes an IPv6 address as flags and URLs want it; any other host stays as it is. */
export function inBrackets(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= 65_535;
}

function isHost(text: string): boolean {
  return URL.canParse(`http://${inBrackets(text)}`);
}

/** Returns a host with its port; nothing for what `main.ts` will refuse. */
function hostOf(address: string): string[] {
  const text = /^https?:/.test(address) ? address : `https://${address}`;
  if (!address || !URL.canParse(text)) return [];
  const { hostname, port, protocol } = new URL(text);
  return [`${hostname}:${port || (protocol === "https:" ? "443" : "80")}`];
}
