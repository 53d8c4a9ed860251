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
  const range = DENY_LIST.filter((entry) => entry.includes("/"))
    .map(parseSubnet)
    .find((range) => contains(range, parseAddress(address)));
  if (range === undefined) return undefined;
  const subnet = around(address, range);
  const denyList = DENY_LIST.flatMap((entry) => {
    if (entry === "localhost") return hostname === "localhost" ? [] : [entry];
    return entry === format(range) ? subtract(range, subnet) : [entry];
  });
  return {
    address,
    kind: KINDS[format(range)] ?? "private",
    subnet: format(subnet),
    denyList: denyList.join(","),
  };
}

/** An IP address as a number. */
interface Address {
  readonly version: 4 | 6;
  readonly value: bigint;
}

interface Subnet extends Address {
  readonly bits: number;
}

const WIDTHS = { 4: 32, 6: 128 } as const;

function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { version: 4, value: parseIPv4(text) };
  if (!isIPv6(text)) return undefined;
  const mapped = /^::ffff:([\d.]+)$/i.exec(text)?.[1];
  return mapped && isIPv4(mapped)
    ? { version: 4, value: parseIPv4(mapped) }
    : { version: 6, value: parseIPv6(text.replace(/%.*$/, "")) };
}

function parseIPv4(text: string): bigint {
  return text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function parseIPv6(text: string): bigint {
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => part === "" ? [] : part.split(":");
  const before = groups(head);
  const after = groups(tail ?? "");
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array(missing).fill("0"), ...after]
    .reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function parseSubnet(text: string): Subnet {
  const [address, bits] = text.split("/");
  return { ...parseAddress(address!)!, bits: Number(bits) };
}

function contains(range: Subnet, address: Address | undefined): boolean {
  if (address?.version !== range.version) return false;
  const shift = BigInt(WIDTHS[range.version] - range.bits);
  return address.value >> shift === range.value >> shift;
}

/** The subnet around an address, within a range. */
function around(address: string, { version, bits }: Subnet): Subnet {
  const wanted = Math.max(SUBNET_BITS[version], bits);
  const shift = BigInt(WIDTHS[version] - wanted);
  const { value } = parseAddress(address)!;
  return { version, bits: wanted, value: value >> shift << shift };
}

/** The subnets that together are a range without one subnet of it. */
function subtract(range: Subnet, hole: Subnet): string[] {
  const rest: Subnet[] = [];
  for (let bits = range.bits + 1; bits <= hole.bits; bits++) {
    const size = BigInt(WIDTHS[range.version] - bits);
    const value = (hole.value >> size ^ 1n) << size;
    rest.push({ version: range.version, value, bits });
  }
  return rest.sort((a, b) => a.value < b.value ? -1 : 1).map(format);
}

function format({ version, value, bits }: Subnet): string {
  if (version === 4) {
    const parts = [24n, 16n, 8n, 0n].map((shift) => value >> shift & 255n);
    return `${parts.join(".")}/${bits}`;
  }
  const groups = Array.from(
    { length: 8 },
    (_, index) => (value >> BigInt(112 - 16 * index) & 65_535n).toString(16),
  );
  // The URL parser writes the short form.
  const short = new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
  return `${short}/${bits}`;
}
