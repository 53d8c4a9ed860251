import assert from "node:assert/strict";
import { leastPermissions } from "../../../harness/function/least_permissions.ts";
import { SETTINGS } from "../../../lib/config/settings.ts";
import { testEach } from "../../_test_each.ts";

const NAMES = Object.keys(SETTINGS).join(",");
const ZITADEL_DOMAIN = "z.example";
const NET = "z.example:443,0.0.0.0:8000";

interface Case {
  readonly env: Readonly<Record<string, string>>;
  readonly net?: string;
  readonly variables?: string;
  readonly files?: readonly string[];
}

testEach<Case>(
  "leastPermissions() names hosts, variables and files that Deno accepts, and nothing else",
  {
    "the defaults": { env: {} },
    "other addresses": {
      env: {
        ZITADEL_DOMAIN: "http://localhost:8080",
        HOST: "127.0.0.1",
        PORT: "0",
        KV_URL: "https://kv.example",
      },
      net: "localhost:8080,127.0.0.1:0,kv.example:443",
      variables: `${NAMES},DENO_KV_ACCESS_TOKEN`,
    },
    "ZITADEL's internal address in place of the public one": {
      env: { ZITADEL_INTERNAL_URL: "http://zitadel:8080" },
      net: "zitadel:8080,0.0.0.0:8000",
    },
    "IPv6": { env: { HOST: "::1" }, net: "z.example:443,[::1]:8000" },
    "[IPv6]": { env: { HOST: "[::1]" }, net: "z.example:443,[::1]:8000" },
    "a file with a comma": {
      env: { KV_URL: "a,b/kv" },
      files: ["--allow-read=a,,b/kv", "--allow-write=a,,b/kv"],
    },
    // The function itself says what is wrong.
    "a port that is none": { env: { PORT: "abc" }, net: "z.example:443" },
    "a port too high": { env: { PORT: "99999" }, net: "z.example:443" },
  },
  ({ env, net = NET, variables = NAMES, files = [] }) =>
    assert.deepEqual(
      leastPermissions({ ZITADEL_DOMAIN, ...env }),
      [`--allow-net=${net}`, `--allow-env=${variables}`, ...files],
    ),
);
