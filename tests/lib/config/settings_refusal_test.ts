import assert from "node:assert/strict";
import {
  PERMISSIONS_SHAPES,
  readConfig,
  type SettingName,
  SETTINGS,
} from "../../../lib/config/settings.ts";
import {
  type Environment,
  KEY,
  KEY_FILE,
  least,
  messageOf,
  namesIn,
  PRIVATE_JWK,
  PRIVATE_PEM,
  withCredential,
} from "../_settings.ts";

/** Values that are wrong for one setting, by what the message says of it. */
const WRONG: [SettingName, problem: string, (string | undefined)[]][] = [
  ["ZITADEL_DOMAIN", "is missing", [undefined, ""]],
  ["ZITADEL_DOMAIN", "is not a host", [
    "https://example.com/oauth/v2",
    "https://example.com?a",
    "https://example.com#a",
    "https://canary:canary@example.com",
    "ftp://example.com",
    "https://",
    "exam ple.com",
    "example.com:port",
    "a.example,b.example",
    "*.example.com",
    "$DOMAIN",
  ]],
  ["ZITADEL_INTERNAL_URL", "is not an origin", [
    "zitadel:8080",
    "http://zitadel/path",
    "http://a:b@zitadel",
    "ftp://zitadel",
    "http://",
  ]],
  ["AUTHORIZATION_SIGNING_KEY", "is missing", [undefined, "", " , ,"]],
  ["AUTHORIZATION_SIGNING_KEY", "holds an empty key, or one with spaces", [
    `${KEY},`,
    "can ary",
  ]],
  ["AUTHORIZATION_SIGNING_KEY", "holds the same key twice", [`${KEY},${KEY}`]],
  ["AUTHORIZATION_SIGNING_KEY", "is a list in another notation", [
    '["canary"]',
    "[canary]",
    "(canary)",
    "a;canary",
    "<canary>",
    "$canary",
  ]],
  ["AUTHORIZATION_SIGNING_KEY", "is a ZITADEL-Signature header", [
    `t=1795469197,v1=${"0".repeat(64)}`,
    `v1=${"0".repeat(64)}`,
    "t=1795469197",
  ]],
  ["ACCESS_TOKEN", "is missing", [""]],
  ["ACCESS_TOKEN", "has spaces", [
    "can ary",
    "[canary]",
    "<canary>",
    "$canary",
  ]],
  ["ACCESS_TOKEN", "begins with Bearer", ["Bearer canary"]],
  ["ACCESS_TOKEN", "is JSON: the text of a key file goes into", [
    '{"type":"serviceaccount"}',
  ]],
  ["ACCESS_TOKEN", "holds a control character", ["canary\ncanary"]],
  ["METADATA_ORGANIZATION", "is neither user, nor grant", [
    "grant s",
    "user,grant",
    "a/b",
    "User",
    "GRANT",
    "grants",
    "all",
    "null",
  ]],
  ["PERMISSIONS_CLAIM", "begins with urn:zitadel:iam", [
    "urn:zitadel:iam",
    "urn:zitadel:iam:org:permissions",
  ]],
  ["PERMISSIONS_CLAIM", "is a claim that ZITADEL sets", [
    ..."sub exp client_id email scope active azp".split(" "),
    ..."Sub EXP ACT UserName \u017fub".split(" "),
  ]],
  ["PERMISSIONS_CLAIM", "is a list or in another notation", [
    '["permissions"]',
    "permissions,roles",
    "my permissions",
    "$CLAIM",
  ]],
  ["ROLES_CLAIM", "is a list or in another notation", ["roles groups"]],
  ["ROLES_CLAIM", "begins with urn:zitadel:iam", ["urn:zitadel:iam:roles"]],
  ["ROLES_CLAIM", "is a claim that ZITADEL sets", ["sub", "scope"]],
  ["ROLES_CLAIM", "is the same as PERMISSIONS_CLAIM", [
    "permissions",
    "Permissions",
    "permi\u017f\u017fions",
  ]],
  ["PERMISSIONS_SHAPE", `is not one of ${PERMISSIONS_SHAPES.join(", ")}`, [
    "tree",
  ]],
  ["LOG_LEVEL", "is not one of info, warn", ["debug"]],
  ["CACHE_FRESH_SECONDS", "is not a whole number from 0 to 86400", [
    ..."-1 86401 1.5 1e3 a 0x10 9999999999".split(" "),
  ]],
  ["CACHE_STALE_SECONDS", "is not a whole number from 0 to 604800", ["604801"]],
  ["UPSTREAM_TIMEOUT_MS", "is not a whole number from 1 to 120000", ["0"]],
  ["PORT", "is not a whole number from 0 to 65535", ["65536"]],
  ["HOST", "is not an address", [
    ...["0.0.0.0:8000", "http://localhost", "a b"],
    ...["999.1.1.1", "1.2.3.4.5", "1:2:3"],
  ]],
];

const WRONG_TOGETHER: [Environment, problem: string][] = [
  [withCredential({ CLIENT_ID: "canary" }), "CLIENT_SECRET is missing"],
  [withCredential({ CLIENT_SECRET: "canary" }), "CLIENT_ID is missing"],
  [{ CLIENT_SECRET: "canary" }, "ACCESS_TOKEN, CLIENT_SECRET are all set"],
  [
    { SERVICE_ACCOUNT_KEY: KEY_FILE },
    "ACCESS_TOKEN, SERVICE_ACCOUNT_KEY are all set",
  ],
  [
    { CLIENT_ID: "a", CLIENT_SECRET: "b", SERVICE_ACCOUNT_KEY: KEY_FILE },
    "ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET, SERVICE_ACCOUNT_KEY are all set",
  ],
];

Deno.test("readConfig() refuses a setting that is missing or wrong", async (t) => {
  const wrong = [
    ...WRONG.flatMap(([name, problem, values]) =>
      values.map((value) => [{ [name]: value }, `${name} ${problem}`] as const)
    ),
    ...WRONG_TOGETHER,
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
    "a key without line breaks": KEY_FILE.replaceAll("\\n", ""),
    "a key with doubled line breaks": KEY_FILE.replaceAll("\\n", "\\n\\n"),
    "half of a key": KEY_FILE.replace("MAZjYW5hcnk=", "MAZjYW4="),
    "a key that is not base64": KEY_FILE.replace("MAZjYW5hcnk=", "MAZ="),
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
    ["a set of nothing", '{"keys":[null]}', false],
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
      "CACHE_FRESH_SECONDS",
      "CACHE_STALE_SECONDS",
      "UPSTREAM_TIMEOUT_MS",
      "PAYLOAD_PRIVATE_KEY",
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
