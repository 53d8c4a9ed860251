import assert from "node:assert/strict";
import {
  readConfig,
  type SettingName,
  SETTINGS,
} from "../../../lib/config/settings.ts";
import { fingerprint } from "../../../lib/config/credential.ts";
import { remarksOn } from "../../../lib/config/remarks.ts";
import {
  type Environment,
  KEY,
  KEY_FILE,
  least,
  messageOf,
  PRIVATE_JWK,
  withCredential,
} from "../_settings.ts";

Deno.test("readConfig() gives the defaults when only the least is set", () => {
  assert.deepEqual(readConfig(least), {
    origin: "https://example.zitadel.cloud",
    signingKeys: [KEY],
    credential: { kind: "personal_access_token", token: "token" },
    metadataOrganization: "user",
    internalOrigin: undefined,
    projects: undefined,
    grantedBy: undefined,
    applications: undefined,
    impersonation: "full",
    claim: "permissions",
    shape: "list",
    rolesClaim: undefined,
    logLevel: "info",
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
    ZITADEL_INTERNAL_URL: "http://zitadel:8080/",
    METADATA_ORGANIZATION: "400930455974579238",
    PROJECTS: "400930456041688102, store",
    PERMISSIONS_CLAIM: "https://example.com/permissions",
    PERMISSIONS_SHAPE: "by_project",
    ROLES_CLAIM: "groups",
    GRANTED_BY: "user, 400930455974579238",
    APPLICATIONS: "389927411@shop, 400930456041688200",
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
    metadataOrganization: "400930455974579238",
    internalOrigin: "http://zitadel:8080",
    projects: new Set(["400930456041688102", "store"]),
    grantedBy: new Set(["user", "400930455974579238"]),
    applications: new Set(["389927411@shop", "400930456041688200"]),
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

Deno.test("readConfig() takes an empty setting for one that is not set", () => {
  const empty = Object.fromEntries(
    Object.keys(SETTINGS).map((name) => [name, " "]),
  );
  assert.deepEqual(readConfig({ ...empty, ...least }), readConfig(least));
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
  for (const expected of [key, endless]) {
    for (const indent of [0, 2]) {
      const text = JSON.stringify({ type, ...expected }, null, indent);
      assert.deepEqual(
        of({ SERVICE_ACCOUNT_KEY: text }),
        { kind: "jwt_profile", key: expected, text },
      );
    }
  }
});

Deno.test("readConfig() makes an origin of the domain", () => {
  const origins: [string, string][] = [
    ["example.zitadel.cloud", "https://example.zitadel.cloud"],
    ["EXAMPLE.zitadel.cloud", "https://example.zitadel.cloud"],
    ["localhost:8080", "https://localhost:8080"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["https://example.com", "https://example.com"],
    ["https://example.com/", "https://example.com"],
    ["https://example.com:443", "https://example.com"],
    ["[::1]:8080", "https://[::1]:8080"],
  ];
  for (const [domain, origin] of origins) {
    const environment = { ...least, ZITADEL_DOMAIN: domain };
    assert.equal(readConfig(environment).origin, origin);
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
  assert.equal(Object.keys(defaults).length, 10);
  assert.ok(Object.values(defaults).every((value: string) => value !== ""));
  assert.deepEqual(readConfig({ ...defaults, ...least }), readConfig(least));
});

Deno.test("readConfig() refuses quotes, control and invisible characters in every setting", async (t) => {
  const forms = [
    '"canary"',
    "'canary'",
    "`canary`",
    "can\u0000ary",
    "can\u200bary",
    "can\u001b[31mary",
  ];
  for (const name of Object.keys(SETTINGS)) {
    await t.step(name, () => {
      for (const value of forms) {
        const message = messageOf({ ...least, [name]: value });
        assert.match(
          message,
          new RegExp(
            `^  ${name} (?:begins or ends with a quote|holds a control character)`,
            "m",
          ),
        );
        assert.ok(!message.includes("ary"), message);
      }
    });
  }
});

Deno.test("readConfig() refuses lists of ids that can match nothing", () => {
  const wrong = [
    ...["1,", "1,,2", ",", "x".repeat(201), "400930456041688102:ops"],
    ...['["1"]', "[1,2]", "1 2", "1;2", "1,'2'", "(1)", "{1}", "1\t2"],
    ...["*", "1|2", "1/", "1\\2", "<1>", "$ID", "1&2", "1+2", "ID=1"],
    ...["all", "ANY", "none", "null", "undefined", "1,true"],
  ];
  for (const word of ["User", "users", "USER", "grant", "own"]) {
    assert.match(
      messageOf({ ...least, GRANTED_BY: word }),
      /^ {2}GRANTED_BY holds a word that is no id/m,
    );
  }
  for (const name of ["PROJECTS", "GRANTED_BY"]) {
    for (const ids of wrong) {
      assert.match(
        messageOf({ ...least, [name]: ids }),
        new RegExp(`^ {2}${name} (?:holds|begins|ends)`, "m"),
      );
    }
  }
  const longest = "x".repeat(200);
  assert.ok(readConfig({ ...least, PROJECTS: longest }).projects?.has(longest));
});

Deno.test("readConfig() refuses applications that are empty, or a list in another notation", () => {
  for (
    const ids of [
      ...["1,", ",", '["1"]', "[1]", "(1)", "1,'2'"],
      ...["1;2", "1 2", "*", "<1>", "$ID", "1+2", "all", "none"],
    ]
  ) {
    assert.match(
      messageOf({ ...least, APPLICATIONS: ids }),
      /^ {2}APPLICATIONS (?:holds|is|begins|ends)/m,
    );
  }
  const old = "389927411@our shop: north";
  const { applications } = readConfig({ ...least, APPLICATIONS: old });
  assert.ok(applications?.has(old));
});

Deno.test("readConfig() takes claims that ZITADEL does not set", () => {
  for (const claim of ["scp", "groups", "https://a.example/p"]) {
    const environment = { PERMISSIONS_CLAIM: claim, ROLES_CLAIM: "roles" };
    assert.equal(readConfig({ ...least, ...environment }).claim, claim);
  }
});

Deno.test("readConfig() takes an IPv6 address with or without brackets", () => {
  const hosts: [string, string][] = [
    ["::", "::"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["0.0.0.0", "0.0.0.0"],
    ["localhost", "localhost"],
  ];
  for (const [value, host] of hosts) {
    assert.equal(readConfig({ ...least, HOST: value }).host, host);
  }
});

Deno.test("fingerprint() identifies a credential by its secret's hash", async () => {
  const of = (environment: Record<string, string | undefined>) =>
    fingerprint(readConfig(environment).credential);
  // printf token | sha256sum
  assert.equal(await of(least), "3c469e9d");
  assert.equal(
    await of(withCredential({ CLIENT_ID: "a", CLIENT_SECRET: "token" })),
    "3c469e9d",
  );
  const key = await of(withCredential({ SERVICE_ACCOUNT_KEY: KEY_FILE }));
  assert.match(key, /^[0-9a-f]{8}$/);
  assert.notEqual(key, "3c469e9d");
});

Deno.test("remarksOn() points out who decides and which projects count when the settings leave it open", () => {
  const settingsOf = (environment: Record<string, string>) =>
    remarksOn(readConfig({ ...least, ...environment }))
      .map(({ level, setting }) => ({ level, setting }));
  const open = { level: "info", setting: "PROJECTS is unset" };
  assert.deepEqual(settingsOf({ METADATA_ORGANIZATION: "user" }), [
    { level: "info", setting: "METADATA_ORGANIZATION=user" },
    open,
  ]);
  assert.deepEqual(settingsOf({ METADATA_ORGANIZATION: "grant" }), [
    { level: "info", setting: "METADATA_ORGANIZATION=grant" },
    open,
  ]);
  const fixed = { METADATA_ORGANIZATION: "400930455974579238" };
  assert.deepEqual(settingsOf(fixed), [open]);
  assert.deepEqual(settingsOf({ ...fixed, PROJECTS: "1" }), []);
});

Deno.test("remarksOn() warns when the token would travel unencrypted", async (t) => {
  const urls: [string, string | undefined, boolean][] = [
    ["http://zitadel.example", undefined, true],
    ["http://10.0.0.1:8080", undefined, true],
    ["https://zitadel.example", undefined, false],
    ["zitadel.example", undefined, false],
    ["http://localhost:8080", undefined, false],
    ["http://127.0.0.1:8080", undefined, false],
    ["http://[::1]:8080", undefined, false],
    ["http://127.example.com", undefined, true],
    ["http://localhost.example.com", undefined, true],
    ["zitadel.example", "http://zitadel:8080", true],
    ["http://zitadel.example", "https://zitadel:8443", false],
  ];
  for (const [domain, internal, isWarned] of urls) {
    await t.step(`${domain} ${internal ?? ""}`, () => {
      const remarks = remarksOn(
        readConfig({
          ...least,
          ZITADEL_DOMAIN: domain,
          ZITADEL_INTERNAL_URL: internal,
          METADATA_ORGANIZATION: "400930455974579238",
          PROJECTS: "400930456041688102",
        }),
      );
      assert.deepEqual(
        remarks.map(({ level }) => level),
        isWarned ? ["warn"] : [],
      );
      for (const { remedy, setting } of remarks) {
        assert.match(String(remedy), /https/);
        const name = internal ? "ZITADEL_INTERNAL_URL" : "ZITADEL_DOMAIN";
        assert.equal(setting, `${name}=http://...`);
      }
    });
  }
});

Deno.test("readConfig() takes a path, memory or an http URL for KV, and nothing else", async (t) => {
  const urls: [string, RegExp | undefined][] = [
    [":memory:", undefined],
    ["/var/lib/function/kv.sqlite3", undefined],
    ["kv.sqlite3", undefined],
    ["C:\\data\\kv", undefined],
    ["C:/data/kv", undefined],
    ["http://denokv:4512", undefined],
    ["https://api.deno.com/databases/1/connect", undefined],
    ["denokv:4512", /an http URL such as http:\/\/denokv:4512/],
    ["redis://x", /an http URL/],
    ["file:///kv", /an http URL/],
    ["~/kv", /only a shell replaces/],
    ["/data/a,b", /a path with a comma/],
  ];
  for (const [value, problem] of urls) {
    await t.step(value, () => {
      const environment = { ...least, KV_URL: value };
      if (problem) assert.match(messageOf(environment), problem);
      else assert.equal(readConfig(environment).kvUrl, value);
    });
  }
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
  assert.throws(() => readConfig(environment, sourceOf), (error) => {
    const [, ...lines] = (error as Error).message.split("\n");
    assert.deepEqual(lines.map((line) => /\(from .*\)$/.exec(line)?.[0]), [
      "(from the environment)",
      undefined, // the signing key, which is missing
      "(from the environment and .env)",
      "(from .env)",
    ]);
    return true;
  });
});
