import { isIPv4, isIPv6 } from "node:net";

/**
 * The default of `HTTPClient.DenyList`, as read in main of July 2026 and seen
 * there; the releases from v4.15.2 on have it. A list that is set replaces it.
 */
const DENY_LIST = [
  "localhost",
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "::/128",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
] as const;

const KINDS: Readonly<Record<string, string>> = {
  "0.0.0.0/8": "unspecified",
  "100.64.0.0/10": "carrier-grade NAT",
  "127.0.0.0/8": "loopback",
  "169.254.0.0/16": "link-local",
  "198.18.0.0/15": "benchmarking",
  "::/128": "unspecified",
  "::1/128": "loopback",
  "fc00::/7": "unique local",
  "fe80::/10": "link-local",
};

/** How much around an address is let through, in bits: a rack, not a network. */
const SUBNET_BITS = { 4: 24, 6: 64 } as const;

/** An address that newer releases do not call. */
export interface PrivateAddress {
  readonly address: string;
  /** Such as `loopback` or `private`. */
  readonly kind: string;
  /** The subnet that would have to be let through. */
  readonly subnet: string;
  /** The default list without just that subnet. */
  readonly denyList: string;
}

/** Reports whether newer releases refuse to call an address, and how to allow it. */
export function judgeAddress(
  address: string,
  hostname: string,
): PrivateAddress | undefined {
  const bits = bitsOf(address);
  const range = DENY_LIST.find((entry) =>
    entry.includes("/") && bits?.startsWith(prefixOf(entry)) &&
    entry.includes(":") === (bits.length === 128)
  );
  if (bits === undefined || range === undefined) return undefined;
  const denied = prefixOf(range);
  const width = bits.length === 32 ? SUBNET_BITS[4] : SUBNET_BITS[6];
  const subnet = bits.slice(0, Math.max(width, denied.length));
  const denyList = DENY_LIST.flatMap((entry) => {
    if (entry === "localhost") return hostname === "localhost" ? [] : [entry];
    return entry === range ? subtract(denied, subnet, bits.length) : [entry];
  });
  return {
    address,
    kind: KINDS[range] ?? "private",
    subnet: format(subnet, bits.length),
    denyList: denyList.join(","),
  };
}

/** An IP address as 32 or 128 binary digits. */
function bitsOf(address: string): string | undefined {
  if (isIPv4(address)) {
    return address.split(".").map((part) => digits(Number(part), 8)).join("");
  }
  if (!isIPv6(address)) return undefined;
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped && isIPv4(mapped)) return bitsOf(mapped);
  const [head = "", tail = ""] = address.replace(/%.*$/, "").split("::");
  const [before, after] = [head, tail].map((part) =>
    part.split(":").filter(Boolean)
      .map((group) => digits(parseInt(group, 16), 16)).join("")
  );
  return before!.padEnd(128 - after!.length, "0") + after;
}

function digits(value: number, width: number): string {
  return value.toString(2).padStart(width, "0");
}

/** The binary digits that all addresses of a subnet begin with. */
function prefixOf(subnet: string): string {
  const [address, length] = subnet.split("/");
  return bitsOf(address!)!.slice(0, Number(length));
}

/** The subnets that together are a range without one subnet of it. */
function subtract(range: string, hole: string, width: number): string[] {
  return Array.from(hole.slice(range.length), (digit, index) => {
    const before = hole.slice(0, range.length + index);
    return before + (digit === "0" ? "1" : "0");
  }).sort().map((prefix) => format(prefix, width));
}

function format(prefix: string, width: number): string {
  const size = width === 32 ? 8 : 16;
  const groups = prefix.padEnd(width, "0")
    .match(new RegExp(`.{${size}}`, "g"))!
    .map((group) => parseInt(group, 2));
  if (width === 32) return `${groups.join(".")}/${prefix.length}`;
  const long = groups.map((group) => group.toString(16)).join(":");
  // The URL parser writes the short form.
  const short = new URL(`http://[${long}]`).hostname.slice(1, -1);
  return `${short}/${prefix.length}`;
}
