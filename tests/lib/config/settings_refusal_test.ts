import assert from "node:assert/strict";
import { readConfig, SETTINGS } from "../../../lib/config/settings.ts";
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
    [{ ACCESS_TOKEN: "[canary]" }, "ACCESS_TOKEN has spaces"],
    [{ ACCESS_TOKEN: "Bearer canary" }, "ACCESS_TOKEN begins with Bearer"],
    [
      { ACCESS_TOKEN: '{"type":"serviceaccount"}' },
      "ACCESS_TOKEN is JSON: the text of a key file goes into",
    ],
    ...['["canary"]', "[canary]", "(canary)", "a;canary"].map((
      keys,
    ): [Environment, string] => [
      { AUTHORIZATION_SIGNING_KEY: keys },
      "AUTHORIZATION_SIGNING_KEY is a list in another notation",
    ]),
    [
      { ACCESS_TOKEN: "canary\ncanary" },
      "ACCESS_TOKEN holds a control character",
    ],
    [withCredential({ CLIENT_ID: "canary" }), "CLIENT_SECRET is missing"],
    [withCredential({ CLIENT_SECRET: "canary" }), "CLIENT_ID is missing"],
    [
      { CLIENT_SECRET: "canary" },
      "ACCESS_TOKEN, CLIENT_SECRET are all set",
    ],
    [
      { SERVICE_ACCOUNT_KEY: KEY_FILE },
      "ACCESS_TOKEN, SERVICE_ACCOUNT_KEY are all set",
    ],
    [
      { CLIENT_ID: "a", CLIENT_SECRET: "b", SERVICE_ACCOUNT_KEY: KEY_FILE },
      "ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET, SERVICE_ACCOUNT_KEY are all set",
    ],
    ...["grant s", "user,grant", "a/b", "User", "GRANT", "grants"].map((
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
