/**
 * Which endpoints targets may have. A host must resolve. Since v4.15.2
 * (CVE-2026-55671) ZITADEL also refuses loopback and private addresses, when a
 * target is created or moved and again when it is called.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { BlockList } from "node:net";

/** The default of `HTTPClient.DenyList` since v4.15.2, tried on main of July 2026. */
const DENIED_SUBNETS = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["::", 128],
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const;

const denied = new BlockList();
for (const [address, prefix] of DENIED_SUBNETS) {
  denied.addSubnet(address, prefix, address.includes(":") ? "ipv6" : "ipv4");
}

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Returns why an endpoint is refused, or `undefined` if it may be called. */
export async function endpointProblem(
  endpoint: string,
  { denyPrivateAddresses }: { denyPrivateAddresses: boolean },
): Promise<string | undefined> {
  const hostname = URL.parse(endpoint)?.hostname;
  if (!hostname) return "not a URL";
  if (LOOPBACK.includes(hostname)) {
    return denyPrivateAddresses ? `${hostname} is denied` : undefined;
  }
  const addresses = await lookup(hostname.replace(/^\[|\]$/g, ""), {
    all: true,
  }).catch(() => []);
  if (addresses.length === 0) return `${hostname} does not resolve`;
  const refused = addresses.find(({ address }) => isDenied(address));
  return denyPrivateAddresses && refused
    ? `${refused.address} is denied`
    : undefined;
}

function isDenied(address: string): boolean {
  // Not a subnet of the list: node:net would match all of IPv4.
  if (address.startsWith("::ffff:")) return true;
  return denied.check(address, address.includes(":") ? "ipv6" : "ipv4");
}
