import assert from "node:assert/strict";
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

Deno.test("judgeAddress() gives the default list without just that subnet", () => {
  const of = (address: string, hostname: string) =>
    judgeAddress(address, hostname)!.denyList;
  const before = "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10";
  const after = "172.16.0.0/12,192.168.0.0/16,198.18.0.0/15,::/128";
  const local = "fc00::/7,fe80::/10";
  assert.equal(
    of("::1", "localhost"),
    `${before},127.0.0.0/8,169.254.0.0/16,${after},${local}`,
  );
  const split = [1, 2, 4, 8, 16, 32, 64, 128]
    .map((third, index) => `169.254.${third}.0/${24 - index}`);
  assert.equal(
    of("169.254.0.7", "a.internal"),
    `localhost,${before},127.0.0.0/8,${split},${after},::1/128,${local}`,
  );
});
