import {
  containsCidr,
  excludeCidr,
  normalizeCidr,
  parseCidr,
} from "cidr-tools";

/**
 * The ranges in the default of `HTTPClient.DenyList`, which begins with `localhost`,
 * with the kind of each, as read in main of July 2026 and seen there; the releases
 * from v4.15.2 on have it. A list that is set replaces it.
 */
const DENIED = {
  "0.0.0.0/8": "unspecified",
  "10.0.0.0/8": "private",
  "100.64.0.0/10": "carrier-grade NAT",
  "127.0.0.0/8": "loopback",
  "169.254.0.0/16": "link-local",
  "172.16.0.0/12": "private",
  "192.168.0.0/16": "private",
  "198.18.0.0/15": "benchmarking",
  "::/128": "unspecified",
  "::1/128": "loopback",
  "fc00::/7": "unique local",
  "fe80::/10": "link-local",
} as const;

/** How much around an address is let through, as a prefix's length: a rack, not a network. */
const SUBNET_BITS = { 4: 24, 6: 64 } as const;

/**
 * Reports whether newer releases refuse to call an address, and how to allow it: the
 * subnet to let through, and the default list without just that.
 */
export function judgeAddress(address: string, hostname: string) {
  // IPv4 as a socket for both families has it.
  const ip = address.replace(/^::ffff:(?=[\d.]+$)/i, "");
  const found = Object.entries(DENIED)
    .find(([range]) => containsCidr(range, ip));
  if (found === undefined) return undefined;
  const [denied, kind] = found;
  const { version, prefix } = parseCidr(denied);
  const bits = Math.max(SUBNET_BITS[version], Number(prefix));
  const subnet = normalizeCidr(`${ip}/${bits}`);
  const ranges = Object.keys(DENIED).flatMap((range) =>
    range === denied ? excludeCidr(range, subnet) : [range]
  );
  const names = hostname === "localhost" ? [] : ["localhost"];
  return { address, kind, subnet, denyList: [...names, ...ranges].join(",") };
}
