import assert from "node:assert/strict";
import { leastPermissions } from "../../../harness/function/least_permissions.ts";
import { SETTINGS } from "../../../lib/config/settings.ts";

Deno.test("leastPermissions() names hosts, variables and files, and nothing else", () => {
  const names = Object.keys(SETTINGS).join(",");
  assert.deepEqual(
    leastPermissions({ ZITADEL_DOMAIN: "example.zitadel.cloud" }),
    [
      "--allow-net=example.zitadel.cloud:443,0.0.0.0:8000",
      `--allow-env=${names}`,
    ],
  );
  assert.deepEqual(
    leastPermissions({
      ZITADEL_DOMAIN: "http://localhost:8080",
      HOST: "127.0.0.1",
      PORT: "0",
      KV_URL: "https://kv.example",
    }),
    [
      "--allow-net=localhost:8080,127.0.0.1:0,kv.example:443",
      `--allow-env=${names},DENO_KV_ACCESS_TOKEN`,
    ],
  );
  assert.deepEqual(
    leastPermissions({ ZITADEL_DOMAIN: "z.example", KV_URL: "data/kv" }).slice(
      2,
    ),
    ["--allow-read=data/kv", "--allow-write=data/kv"],
  );
});

Deno.test("leastPermissions() allows the internal address of ZITADEL in place of the public one", () => {
  const [net] = leastPermissions({
    ZITADEL_DOMAIN: "login.example.com",
    ZITADEL_INTERNAL_URL: "http://zitadel:8080",
  });
  assert.equal(net, "--allow-net=zitadel:8080,0.0.0.0:8000");
});

Deno.test("leastPermissions() writes flags that Deno accepts for IPv6 addresses and paths with commas", () => {
  for (const HOST of ["::1", "[::1]"]) {
    const [net] = leastPermissions({ ZITADEL_DOMAIN: "z.example", HOST });
    assert.equal(net, "--allow-net=z.example:443,[::1]:8000");
  }
  assert.deepEqual(
    leastPermissions({ ZITADEL_DOMAIN: "z.example", KV_URL: "a,b/kv" })
      .slice(2),
    ["--allow-read=a,,b/kv", "--allow-write=a,,b/kv"],
  );
});
