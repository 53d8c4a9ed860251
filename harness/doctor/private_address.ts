import { isIPv4, isIPv6 } from "node:net";

/**
 * The default of `HTTPClient.DenyList` with the kind of each entry, as read in main
 * of July 2026 and seen there; the releases from v4.15.2 on have it. A list that is
 * set replaces it.
 */
const DENY_LIST = {
  localhost: "loopback",
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

/** How much around an address is let through, in bits: a rack, not a network. */
const SUBNET_BITS: Readonly<Record<number, number>> = { 32: 24, 128: 64 };

/**
 * Reports whether newer releases refuse to call an address, and how to allow it: the
 * subnet to let through, and the default list without just that.
 */
export function judgeAddress(address: string, hostname: string) {
  const bits = bitsOf(address);
  const found = Object.entries(DENY_LIST).find(([entry]) => {
    const range = prefixOf(entry);
    return bits && range?.width === bits.length && bits.startsWith(range.bits);
  });
  if (!bits || !found) return undefined;
  const [denied, kind] = found;
  const width = bits.length;
  const range = prefixOf(denied)!.bits;
  const subnet = bits.slice(0, Math.max(SUBNET_BITS[width]!, range.length));
  const denyList = Object.keys(DENY_LIST)
    .filter((entry) => entry !== "localhost" || hostname !== entry)
    .flatMap((entry) =>
      entry === denied ? subtract(range, subnet, width) : [entry]
    );
  return {
    ...{ address, kind, subnet: format(subnet, width) },
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
  const [before = "", after = ""] = address.replace(/%.*$/, "").split("::")
    .map((half) =>
      half.split(":").filter(Boolean)
        .map((group) => digits(parseInt(group, 16), 16)).join("")
    );
  return before.padEnd(128 - after.length, "0") + after;
}

function digits(value: number, width: number): string {
  return value.toString(2).padStart(width, "0");
}

/** The binary digits that all addresses of a subnet begin with. */
function prefixOf(subnet: string) {
  const [address = "", length] = subnet.split("/");
  const bits = bitsOf(address);
  if (bits === undefined) return undefined;
  return { bits: bits.slice(0, Number(length)), width: bits.length };
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
