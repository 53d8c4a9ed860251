import assert from "node:assert/strict";
import {
  readConfig,
  remarksOn,
  type SettingName,
  SETTINGS,
} from "../../lib/config.ts";
import {
  KEY,
  KEY_FILE,
  least,
  messageOf,
  PRIVATE_JWK,
  withCredential,
} from "./_settings.ts";

Deno.test("readConfig() gives the defaults when only the least is set", () => {
  assert.deepEqual(readConfig(least), {
    origin: "https://example.zitadel.cloud",
    signingKeys: [KEY],
    credential: { kind: "personal_access_token", token: "token" },
    metadataOrganization: "user",
    claim: "permissions",
    freshMs: 60_000,
    staleMs: 600_000,
    upstreamTimeoutMs: 2_000,
    payloadPrivateKey: undefined,
    kvUrl: undefined,
    port: 8_000,
    host: "0.0.0.0",
  });
});

Deno.test("readConfig() reads every setting", () => {
  const environment = {
    ZITADEL_DOMAIN: "https://id.example.com:8443/",
    AUTHORIZATION_SIGNING_KEY: `${KEY}, second`,
    ACCESS_TOKEN: " token\n",
    CLIENT_ID: "",
    CLIENT_SECRET: " ",
    SERVICE_ACCOUNT_KEY: "",
    METADATA_ORGANIZATION: "400930455974579238",
    PERMISSIONS_CLAIM: "https://example.com/permissions",
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
    metadataOrganization: "400930455974579238",
    claim: "https://example.com/permissions",
    freshMs: 0,
    staleMs: 604_800_000,
    upstreamTimeoutMs: 120_000,
    payloadPrivateKey: PRIVATE_JWK,
    kvUrl: "/var/lib/function/kv",
    port: 0,
    host: "127.0.0.1",
  });
});

Deno.test("readConfig() takes an empty setting for one that is not set", () => {
  const empty = Object.fromEntries(
    Object.keys(SETTINGS).map((name) => [name, " "]),
  );
  assert.deepEqual(readConfig({ ...empty, ...least }), readConfig(least));
});

Deno.test("readConfig() reads each kind of credential", async (t) => {
  const { credential: clientCredentials } = readConfig(
    withCredential({ CLIENT_ID: "reader", CLIENT_SECRET: "secret" }),
  );
  await t.step("client credentials", () =>
    assert.deepEqual(clientCredentials, {
      kind: "client_credentials",
      clientId: "reader",
      clientSecret: "secret",
    }));
  await t.step("a key file", () => {
    const { type: _, ...key } = JSON.parse(KEY_FILE);
    assert.deepEqual(
      readConfig(withCredential({ SERVICE_ACCOUNT_KEY: KEY_FILE })).credential,
      { kind: "jwt_profile", key },
    );
  });
  await t.step("a key file that never expires", () => {
    const { expirationDate: _, ...file } = JSON.parse(KEY_FILE);
    const { credential } = readConfig(
      withCredential({ SERVICE_ACCOUNT_KEY: JSON.stringify(file) }),
    );
    assert.ok(credential.kind === "jwt_profile");
    assert.equal(credential.key.expirationDate, undefined);
  });
});

Deno.test("readConfig() makes an origin of the domain", async (t) => {
  const origins: [string, string | undefined][] = [
    ["example.zitadel.cloud", "https://example.zitadel.cloud"],
    ["EXAMPLE.zitadel.cloud", "https://example.zitadel.cloud"],
    ["localhost:8080", "https://localhost:8080"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["https://example.com", "https://example.com"],
    ["https://example.com/", "https://example.com"],
    ["https://example.com:443", "https://example.com"],
    ["[::1]:8080", "https://[::1]:8080"],
    ["https://example.com/oauth/v2", undefined],
    ["https://example.com?a", undefined],
    ["https://example.com#a", undefined],
    ["https://canary:canary@example.com", undefined],
    ["ftp://example.com", undefined],
    ["https://", undefined],
    ["exam ple.com", undefined],
    ["example.com:port", undefined],
  ];
  for (const [domain, origin] of origins) {
    await t.step(domain, () => {
      const environment = { ...least, ZITADEL_DOMAIN: domain };
      if (origin) assert.equal(readConfig(environment).origin, origin);
      else assert.match(messageOf(environment), /ZITADEL_DOMAIN is not a host/);
    });
  }
});

Deno.test("SETTINGS marks every setting that is secret", () => {
  assert.deepEqual(
    Object.entries(SETTINGS).filter(([, setting]) => "secret" in setting)
      .map(([name]) => name),
    [
      "AUTHORIZATION_SIGNING_KEY",
      "ACCESS_TOKEN",
      "CLIENT_SECRET",
      "SERVICE_ACCOUNT_KEY",
      "PAYLOAD_PRIVATE_KEY",
    ],
  );
});

Deno.test("SETTINGS holds the defaults that readConfig() uses", () => {
  const defaults = Object.fromEntries(
    Object.entries(SETTINGS)
      .filter(([, { default: value }]) =>
        value !== "unset" && !value.includes("required")
      )
      .map(([name, { default: value }]) => [name, value]),
  );
  assert.equal(Object.keys(defaults).length, 7);
  assert.deepEqual(readConfig({ ...defaults, ...least }), readConfig(least));
});

Deno.test("remarksOn() tells who decides when many organizations' metadata counts", () => {
  const settingsOf = (METADATA_ORGANIZATION: string) =>
    remarksOn(readConfig({ ...least, METADATA_ORGANIZATION }))
      .map(({ level, setting }) => ({ level, setting }));
  assert.deepEqual(settingsOf("user"), [
    { level: "info", setting: "METADATA_ORGANIZATION=user" },
  ]);
  assert.deepEqual(settingsOf("grant"), [
    { level: "info", setting: "METADATA_ORGANIZATION=grant" },
  ]);
  assert.deepEqual(settingsOf("400930455974579238"), []);
});

Deno.test("remarksOn() warns when the token would travel unencrypted", async (t) => {
  const domains: [string, boolean][] = [
    ["http://zitadel.example", true],
    ["http://10.0.0.1:8080", true],
    ["https://zitadel.example", false],
    ["zitadel.example", false],
    ["http://localhost:8080", false],
    ["http://127.0.0.1:8080", false],
    ["http://[::1]:8080", false],
    ["http://127.example.com", true],
    ["http://localhost.example.com", true],
  ];
  for (const [domain, isWarned] of domains) {
    await t.step(domain, () => {
      const remarks = remarksOn(
        readConfig({
          ...least,
          ZITADEL_DOMAIN: domain,
          METADATA_ORGANIZATION: "400930455974579238",
        }),
      );
      assert.deepEqual(
        remarks.map(({ level }) => level),
        isWarned ? ["warn"] : [],
      );
      for (const { remedy } of remarks) assert.match(String(remedy), /https/);
    });
  }
});
