import assert from "node:assert/strict";
import {
  readConfig,
  remarksOn,
  type SettingName,
  SETTINGS,
} from "../../lib/config.ts";

const KEY = "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp";
const KEY_FILE = JSON.stringify({
  type: "serviceaccount",
  keyId: "7",
  key:
    "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----\n",
  expirationDate: "2027-01-01T00:00:00Z",
  userId: "8",
});
const PRIVATE_JWK = JSON.stringify({ kty: "EC", crv: "P-256", d: "canary" });
const PRIVATE_PEM =
  "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n";

type Environment = Partial<Record<SettingName, string | undefined>>;

const least = {
  ZITADEL_DOMAIN: "example.zitadel.cloud",
  AUTHORIZATION_SIGNING_KEY: KEY,
  ACCESS_TOKEN: "token",
} satisfies Environment;

/** Least settings with another credential. */
function withCredential(credential: Environment): Environment {
  return { ...least, ACCESS_TOKEN: undefined, ...credential };
}

function messageOf(environment: Environment): string {
  let message = "";
  assert.throws(() => readConfig(environment), (error) => {
    assert.ok(error instanceof TypeError);
    message = error.message;
    return true;
  });
  return message;
}

/** The names of the settings that a message complains about. */
function namesIn(message: string): string[] {
  return message.split("\n").slice(1).map((line) => line.trim().split(" ")[0]!);
}

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

Deno.test("readConfig() refuses a setting that is missing or wrong", async (t) => {
  const wrong: [Environment, string][] = [
    [{ ZITADEL_DOMAIN: undefined }, "ZITADEL_DOMAIN is missing"],
    [{ ZITADEL_DOMAIN: "" }, "ZITADEL_DOMAIN is missing"],
    [
      { AUTHORIZATION_SIGNING_KEY: undefined },
      "AUTHORIZATION_SIGNING_KEY is missing",
    ],
    [{ AUTHORIZATION_SIGNING_KEY: "" }, "AUTHORIZATION_SIGNING_KEY is missing"],
    [
      { AUTHORIZATION_SIGNING_KEY: " , ," },
      "AUTHORIZATION_SIGNING_KEY is missing",
    ],
    [
      { AUTHORIZATION_SIGNING_KEY: `${KEY},` },
      "AUTHORIZATION_SIGNING_KEY holds an empty key",
    ],
    [
      { AUTHORIZATION_SIGNING_KEY: "can ary" },
      "AUTHORIZATION_SIGNING_KEY holds an empty key, or one with spaces",
    ],
    [
      { AUTHORIZATION_SIGNING_KEY: `${KEY},${KEY}` },
      "AUTHORIZATION_SIGNING_KEY holds the same key twice",
    ],
    [{ ACCESS_TOKEN: "" }, "ACCESS_TOKEN is missing"],
    [{ ACCESS_TOKEN: "can ary" }, "ACCESS_TOKEN has spaces"],
    [{ ACCESS_TOKEN: "canary\ncanary" }, "ACCESS_TOKEN has spaces"],
    [withCredential({ CLIENT_ID: "canary" }), "CLIENT_SECRET is missing"],
    [withCredential({ CLIENT_SECRET: "canary" }), "CLIENT_ID is missing"],
    [
      { CLIENT_SECRET: "canary" },
      "ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET are all set",
    ],
    [
      { SERVICE_ACCOUNT_KEY: KEY_FILE },
      "ACCESS_TOKEN, SERVICE_ACCOUNT_KEY are all set",
    ],
    [
      { CLIENT_ID: "a", CLIENT_SECRET: "b", SERVICE_ACCOUNT_KEY: KEY_FILE },
      "ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET, SERVICE_ACCOUNT_KEY are all set",
    ],
    ...["grant s", "user,grant", "a/b", "a\nb"].map((
      id,
    ): [Environment, string] => [
      { METADATA_ORGANIZATION: id },
      "METADATA_ORGANIZATION is neither user, nor grant",
    ]),
    [
      { PERMISSIONS_CLAIM: "urn:zitadel:iam:org:permissions" },
      "PERMISSIONS_CLAIM begins with urn:zitadel:iam",
    ],
    ...[
      "sub",
      "exp",
      "client_id",
      "email",
      "scope",
      "active",
      "Sub",
      "EXP",
      "ſub",
      "UserName",
    ].map((
      claim,
    ): [Environment, string] => [
      { PERMISSIONS_CLAIM: claim },
      "PERMISSIONS_CLAIM is a claim that ZITADEL sets",
    ]),
    ...["-1", "86401", "1.5", "1e3", "a", "0x10", "9999999999"].map((
      seconds,
    ): [Environment, string] => [
      { CACHE_FRESH_SECONDS: seconds },
      "CACHE_FRESH_SECONDS is not a whole number from 0 to 86400",
    ]),
    [
      { CACHE_STALE_SECONDS: "604801" },
      "CACHE_STALE_SECONDS is not a whole number from 0 to 604800",
    ],
    [
      { UPSTREAM_TIMEOUT_MS: "0" },
      "UPSTREAM_TIMEOUT_MS is not a whole number from 1 to 120000",
    ],
    [{ PORT: "65536" }, "PORT is not a whole number from 0 to 65535"],
  ];
  for (const [change, problem] of wrong) {
    await t.step(JSON.stringify(change), () => {
      const message = messageOf({ ...least, ...change });
      assert.match(message, /^Cannot start: 1 setting needs attention\n/);
      assert.ok(message.includes(`\n  ${problem}`), message);
      assert.ok(!message.includes("can ary"), message);
      assert.ok(!message.includes("canary"), message);
    });
  }
});

Deno.test("readConfig() refuses a key file that is not one", async (t) => {
  const file = JSON.parse(KEY_FILE);
  const wrong: Record<string, string> = {
    "not JSON": "canary",
    "half of it": KEY_FILE.slice(0, -20),
    "null": "null",
    "an array": "[]",
    "an application's key": JSON.stringify({ ...file, type: "application" }),
    "without keyId": JSON.stringify({ ...file, keyId: undefined }),
    "without userId": JSON.stringify({ ...file, userId: undefined }),
    "without key": JSON.stringify({ ...file, key: undefined }),
    "a public key": JSON.stringify({
      ...file,
      key: "-----BEGIN PUBLIC KEY-----\ncanary",
    }),
  };
  for (const [name, text] of Object.entries(wrong)) {
    await t.step(name, () => {
      const message = messageOf(withCredential({ SERVICE_ACCOUNT_KEY: text }));
      assert.deepEqual(namesIn(message), ["SERVICE_ACCOUNT_KEY"]);
      assert.ok(!message.includes("canary"));
    });
  }
});

Deno.test("readConfig() tells a private key from what is none", async (t) => {
  const keys: [string, string, boolean][] = [
    ["a JWK", PRIVATE_JWK, true],
    ["a set of JWKs", `{"keys":[${PRIVATE_JWK},${PRIVATE_JWK}]}`, true],
    ["a PEM", PRIVATE_PEM, true],
    ["two PEMs", PRIVATE_PEM + PRIVATE_PEM, true],
    ["a PEM in one line", PRIVATE_PEM.replaceAll("\n", "\\n"), true],
    ["a public JWK", '{"kty":"EC","crv":"P-256","x":"canary"}', false],
    [
      "a set with a public JWK",
      `{"keys":[${PRIVATE_JWK},{"kty":"EC"}]}`,
      false,
    ],
    ["an empty set", '{"keys":[]}', false],
    ["a public PEM", "-----BEGIN PUBLIC KEY-----\ncanary", false],
    ["a PKCS#1 PEM", "-----BEGIN RSA PRIVATE KEY-----\ncanary", false],
    ["null", "null", false],
    ["a text", "canary", false],
  ];
  for (const [name, text, isRight] of keys) {
    await t.step(name, () => {
      const environment = { ...least, PAYLOAD_PRIVATE_KEY: text };
      if (isRight) {
        assert.equal(readConfig(environment).payloadPrivateKey, text.trim());
        return;
      }
      const message = messageOf(environment);
      assert.deepEqual(namesIn(message), ["PAYLOAD_PRIVATE_KEY"]);
      assert.ok(!message.includes("canary"));
    });
  }
});

Deno.test("readConfig() names every problem at once", () => {
  assert.deepEqual(
    namesIn(messageOf({
      ZITADEL_DOMAIN: "a b",
      AUTHORIZATION_SIGNING_KEY: ",",
      ACCESS_TOKEN: "a",
      CLIENT_ID: "b",
      METADATA_ORGANIZATION: "a b",
      PERMISSIONS_CLAIM: "sub",
      CACHE_FRESH_SECONDS: "a",
      CACHE_STALE_SECONDS: "a",
      UPSTREAM_TIMEOUT_MS: "a",
      PAYLOAD_PRIVATE_KEY: "a",
      PORT: "a",
    })),
    [
      "ZITADEL_DOMAIN",
      "AUTHORIZATION_SIGNING_KEY",
      "ACCESS_TOKEN,",
      "METADATA_ORGANIZATION",
      "PERMISSIONS_CLAIM",
      "PAYLOAD_PRIVATE_KEY",
      "CACHE_FRESH_SECONDS",
      "CACHE_STALE_SECONDS",
      "UPSTREAM_TIMEOUT_MS",
      "PORT",
    ],
  );
  assert.match(messageOf({}), /^Cannot start: 3 settings need attention\n/);
});

Deno.test("readConfig() shows no setting that is secret", () => {
  for (const [name, setting] of Object.entries(SETTINGS)) {
    if (!("secret" in setting)) continue;
    for (
      const value of ["ca nary", "{canary}", "canary,canary,", "\u00e9canary"]
    ) {
      try {
        readConfig({ ...least, [name]: value });
      } catch (error) {
        assert.ok(!String(error).includes("nary"), String(error));
      }
    }
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

Deno.test("remarksOn() tells who decides when METADATA_ORGANIZATION is user", () => {
  const settingsOf = (METADATA_ORGANIZATION: string) =>
    remarksOn(readConfig({ ...least, METADATA_ORGANIZATION }))
      .map(({ level, setting }) => ({ level, setting }));
  assert.deepEqual(settingsOf("user"), [
    { level: "info", setting: "METADATA_ORGANIZATION=user" },
  ]);
  assert.deepEqual(settingsOf("grant"), []);
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
          METADATA_ORGANIZATION: "grant",
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
