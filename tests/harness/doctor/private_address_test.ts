import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { testEach } from "../../_test_each.ts";
import { judgeAddress } from "../../../harness/doctor/private_address.ts";

testEach("judgeAddress() names what newer releases refuse, and the subnet", {
  "127.0.0.1": "loopback 127.0.0.0/24",
  "10.30.12.134": "private 10.30.12.0/24",
  "172.31.255.1": "private 172.31.255.0/24",
  "192.168.1.20": "private 192.168.1.0/24",
  "100.64.0.7": "carrier-grade NAT 100.64.0.0/24",
  "169.254.10.10": "link-local 169.254.10.0/24",
  "::ffff:10.1.2.3": "private 10.1.2.0/24",
  "::1": "loopback ::1/128",
  "fd12:3456:789a:1::5": "unique local fd12:3456:789a:1::/64",
  "fe80::1": "link-local fe80::/64",
  "fe80::1%eth0": "link-local fe80::/64",
  "8.8.8.8": undefined,
  "172.32.0.1": undefined,
  "100.128.0.1": undefined,
  "2606:4700::1111": undefined,
}, (expected, address) => {
  const found = judgeAddress(address, "function.internal");
  assert.equal(found && `${found.kind} ${found.subnet}`, expected);
});

Deno.test("judgeAddress() gives a deny list without just that subnet", () => {
  const { denyList } = judgeAddress("10.30.12.134", "function.internal")!;
  const denied = new BlockList();
  const entries = denyList.split(",");
  for (const entry of entries) {
    const [address, bits] = entry.split("/");
    if (bits === undefined) continue;
    const family = address!.includes(":") ? "ipv6" : "ipv4";
    denied.addSubnet(address!, Number(bits), family);
  }
  const isDenied = (address: string) => denied.check(address, "ipv4");
  assert.deepEqual(
    ["10.30.12.0", "10.30.12.134", "10.30.12.255"].map(isDenied),
    [false, false, false],
  );
  assert.deepEqual(
    [
      "10.0.0.0",
      "10.30.11.255",
      "10.30.13.0",
      "10.255.255.255",
      "127.0.0.1",
      "169.254.169.254",
    ].map(isDenied),
    Array(6).fill(true),
  );
  assert.equal(entries[0], "localhost");
});

Deno.test("judgeAddress() drops the name localhost only if the endpoint uses it", () => {
  const { denyList } = judgeAddress("127.0.0.1", "localhost")!;
  assert.ok(!denyList.split(",").includes("localhost"));
});
