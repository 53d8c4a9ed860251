import assert from "node:assert/strict";
import { fingerprint } from "../../../lib/config/credential.ts";
import { remarksOn } from "../../../lib/config/remarks.ts";
import {
  readConfig,
  type SettingName,
  SETTINGS,
} from "../../../lib/config/settings.ts";
import { testEach } from "../../_test_each.ts";
import {
  type Environment,
  KEY,
  KEY_FILE,
  least,
  messageOf,
  PRIVATE_JWK,
  withCredential,
} from "../_settings.ts";

const ORGANIZATION = "400930455974579238";

Deno.test("readConfig() gives the defaults when only the least is set", () => {
  const config = readConfig(least);
  const empty = Object.keys(SETTINGS).map((name) => [name, " "]);
  assert.deepEqual(
    readConfig({ ...Object.fromEntries(empty), ...least }),
    config,
  );
  const documented = Object.entries(SETTINGS)
    .map(([name, { default: value }]) => [name, value])
    .filter(([, value]) => !/^unset$|required/.test(value!));
  assert.equal(documented.length, 10);
  const defaults = Object.fromEntries(documented);
  assert.deepEqual(readConfig({ ...defaults, ...least }), config);
});

Deno.test("readConfig() reads every setting", () => {
  const environment = {
    ZITADEL_DOMAIN: "https://id.example.com:8443/",
    AUTHORIZATION_SIGNING_KEY: `${KEY}, second`,
    ACCESS_TOKEN: " token\n",
    CLIENT_ID: "",
    CLIENT_SECRET: " ",
    SERVICE_ACCOUNT_KEY: "",
    ZITADEL_INTERNAL_URL: "http://zitadel:8080/",
    METADATA_ORGANIZATION: ORGANIZATION,
    PROJECTS: "400930456041688102, store",
    PERMISSIONS_CLAIM: "https://example.com/permissions",
    PERMISSIONS_SHAPE: "by_project",
    ROLES_CLAIM: "groups",
    GRANTED_BY: `user, ${ORGANIZATION}`,
    APPLICATIONS: "389927411@our shop: north, 400930456041688200",
    IMPERSONATION: "none",
    LOG_LEVEL: "warn",
    CACHE_FRESH_SECONDS: "0",
    CACHE_STALE_SECONDS: "604800",
    UPSTREAM_TIMEOUT_MS: "120000",
    PAYLOAD_PRIVATE_KEY: PRIVATE_JWK,
    KV_URL: "/var/lib/function/kv",
    PORT: "0",
    HOST: "127.0.0.1",
  } satisfies Record<SettingName, string>;
  assert.deepEqual(readConfig(environment), {
    origin: "https://id.example.com:8443",
    signingKeys: [KEY, "second"],
    credential: { kind: "personal_access_token", token: "token" },
    metadataOrganization: ORGANIZATION,
    internalOrigin: "http://zitadel:8080",
    projects: new Set(["400930456041688102", "store"]),
    grantedBy: new Set(["user", ORGANIZATION]),
    applications: new Set([
      "389927411@our shop: north",
      "400930456041688200",
    ]),
    impersonation: "none",
    claim: "https://example.com/permissions",
    shape: "by_project",
    rolesClaim: "groups",
    logLevel: "warn",
    freshMs: 0,
    staleMs: 604_800_000,
    upstreamTimeoutMs: 120_000,
    payloadPrivateKey: PRIVATE_JWK,
    kvUrl: "/var/lib/function/kv",
    port: 0,
    host: "127.0.0.1",
  });
});

Deno.test("readConfig() reads each kind of credential", () => {
  const of = (environment: Environment) =>
    readConfig(withCredential(environment)).credential;
  assert.deepEqual(of({ CLIENT_ID: "reader", CLIENT_SECRET: "secret" }), {
    kind: "client_credentials",
    clientId: "reader",
    clientSecret: "secret",
  });
  const { type, ...key } = JSON.parse(KEY_FILE);
  const { expirationDate: _, ...endless } = key;
  for (const [expected, indent] of [[key, 0], [endless, 2]]) {
    const text = JSON.stringify({ type, ...expected }, null, indent);
    const credential = { kind: "jwt_profile", key: expected, text };
    assert.deepEqual(of({ SERVICE_ACCOUNT_KEY: text }), credential);
  }
});

/** What is read of values of one setting. */
const READ: [
  SettingName,
  keyof ReturnType<typeof readConfig>,
  Record<string, unknown>,
][] = [
  ["ZITADEL_DOMAIN", "origin", {
    "EXAMPLE.zitadel.cloud": "https://example.zitadel.cloud",
    "localhost:8080": "https://localhost:8080",
    "http://localhost:8080": "http://localhost:8080",
    "https://example.com": "https://example.com",
    "https://example.com/": "https://example.com",
    "https://example.com:443": "https://example.com",
    "[::1]:8080": "https://[::1]:8080",
  }],
  ["HOST", "host", {
    "::": "::",
    "::1": "::1",
    "[::1]": "::1",
    "fe80::1%eth0": "fe80::1%eth0",
    "localhost": "localhost",
  }],
  ["KV_URL", "kvUrl", {
    ":memory:": ":memory:",
    "kv.sqlite3": "kv.sqlite3",
    "C:\\data\\kv": "C:\\data\\kv",
    "C:/data/kv": "C:/data/kv",
    "http://denokv:4512": "http://denokv:4512",
    "https://api.deno.com/databases/1/connect":
      "https://api.deno.com/databases/1/connect",
  }],
  ["PERMISSIONS_CLAIM", "claim", { scp: "scp", groups: "groups" }],
  ["PROJECTS", "projects", {
    ["x".repeat(200)]: new Set(["x".repeat(200)]),
  }],
];

Deno.test("readConfig() takes each form of a setting", () => {
  for (const [setting, field, values] of READ) {
    for (const [value, expected] of Object.entries(values)) {
      const config = readConfig({ ...least, [setting]: value });
      assert.deepEqual(config[field], expected);
    }
  }
});

Deno.test("SETTINGS marks every setting that is secret", () => {
  const secret = Object.entries(SETTINGS)
    .filter(([, setting]) => "secret" in setting).map(([name]) => name);
  assert.deepEqual(secret, [
    "AUTHORIZATION_SIGNING_KEY",
    "ACCESS_TOKEN",
    "CLIENT_SECRET",
    "SERVICE_ACCOUNT_KEY",
    "PAYLOAD_PRIVATE_KEY",
  ]);
});

Deno.test("readConfig() says where a value that is wrong comes from", () => {
  const environment = {
    ZITADEL_DOMAIN: "a b",
    ACCESS_TOKEN: "a",
    CLIENT_ID: "b",
    PORT: "x",
  };
  const sourceOf = (name: string) =>
    name === "CLIENT_ID" || name === "PORT" ? ".env" : "the environment";
  const [, ...lines] = messageOf(environment, sourceOf).split("\n");
  assert.deepEqual(lines.map((line) => /\(from .*\)$/.exec(line)?.[0]), [
    "(from the environment)",
    undefined, // the signing key, which is missing
    "(from the environment and .env)",
    "(from .env)",
  ]);
});

Deno.test("fingerprint() identifies a credential by its secret's hash", async () => {
  const of = (environment: Environment) =>
    fingerprint(readConfig(environment).credential);
  // printf token | sha256sum
  const hash = "3c469e9d";
  assert.equal(await of(least), hash);
  const client = { CLIENT_ID: "a", CLIENT_SECRET: "token" };
  assert.equal(await of(withCredential(client)), hash);
  const key = await of(withCredential({ SERVICE_ACCOUNT_KEY: KEY_FILE }));
  assert.match(key, /^[0-9a-f]{8}$/);
  assert.notEqual(key, hash);
});

testEach<[settings: Environment, remarks: string[]]>(
  "remarksOn() points out who decides and which projects count when the settings leave it open",
  {
    "user": [{ METADATA_ORGANIZATION: "user" }, [
      "METADATA_ORGANIZATION=user",
      "PROJECTS is unset",
    ]],
    "grant": [{ METADATA_ORGANIZATION: "grant" }, [
      "METADATA_ORGANIZATION=grant",
      "PROJECTS is unset",
    ]],
    "fixed": [
      { METADATA_ORGANIZATION: ORGANIZATION },
      ["PROJECTS is unset"],
    ],
    "nothing": [{ METADATA_ORGANIZATION: ORGANIZATION, PROJECTS: "1" }, []],
  },
  ([settings, expected]) => {
    const remarks = remarksOn(readConfig({ ...least, ...settings }));
    assert.deepEqual(remarks.map(({ setting }) => setting), expected);
    for (const { level } of remarks) assert.equal(level, "info");
  },
);

testEach<[warned?: SettingName | undefined, internal?: string]>(
  "remarksOn() warns when the token would travel unencrypted",
  {
    "http://zitadel.example": ["ZITADEL_DOMAIN"],
    "http://10.0.0.1:8080": ["ZITADEL_DOMAIN"],
    "http://127.example.com": ["ZITADEL_DOMAIN"],
    "http://localhost.example.com": ["ZITADEL_DOMAIN"],
    "https://zitadel.example": [],
    "zitadel.example:8443": [],
    "http://localhost:8080": [],
    "http://127.0.0.1:8080": [],
    "http://[::1]:8080": [],
    "internal.example": ["ZITADEL_INTERNAL_URL", "http://zitadel:8080"],
    "http://internal.example": [undefined, "https://zitadel:8443"],
  },
  ([warned, internal], domain) => {
    const remarks = remarksOn(readConfig({
      ...least,
      ZITADEL_DOMAIN: domain,
      ZITADEL_INTERNAL_URL: internal,
      METADATA_ORGANIZATION: ORGANIZATION,
      PROJECTS: "400930456041688102",
    }));
    const seen = remarks.map(({ level, setting }) => `${level} ${setting}`);
    assert.deepEqual(seen, warned ? [`warn ${warned}=http://...`] : []);
    for (const { remedy } of remarks) assert.match(String(remedy), /https/);
  },
);
