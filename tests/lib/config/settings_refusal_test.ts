import assert from "node:assert/strict";
import {
  PERMISSIONS_SHAPES,
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
  namesIn,
  PRIVATE_JWK,
  PRIVATE_PEM,
  withCredential,
} from "../_settings.ts";

/** Ids that can match nothing. */
const IDS = [
  ...["1,", "1,,2", ",", "x".repeat(201), "400930456041688102:ops"],
  ...['["1"]', "[1,2]", "1 2", "1;2", "1,'2'", "(1)", "{1}", "1\t2"],
  ...["*", "1|2", "1/", "1\\2", "<1>", "$ID", "1&2", "1+2", "ID=1"],
  ...["all", "ANY", "none", "null", "undefined", "1,true", "false"],
];

/** Values that are wrong for one setting, by how the message goes on. */
const WRONG: [SettingName, problem: string, (string | undefined)[]][] = [
  ["ZITADEL_DOMAIN", "is missing", [undefined, ""]],
  ["ZITADEL_DOMAIN", "is not a host", [
    ...["https://a.example/oauth/v2", "https://a.example?b", "https://"],
    ...[
      "https://a.example#b",
      "https://canary:canary@a.example",
      "a b.example",
    ],
    ...["ftp://a.example", "a.example:port", "a.example,b.example"],
    ...["*.example.com", "$DOMAIN"],
  ]],
  ["PROJECTS", "", IDS],
  ["GRANTED_BY", "", IDS],
  ["GRANTED_BY", "holds a word that is no id", [
    ..."User users USER grant own".split(" "),
  ]],
  ["APPLICATIONS", "", [
    ...["1,", ",", '["1"]', "[1]", "(1)", "1,'2'"],
    ...["1;2", "1 2", "*", "<1>", "$ID", "1+2", "all", "none"],
  ]],
  ["KV_URL", "is neither", ["denokv:4512", "redis://x", "file:///kv"]],
  ["KV_URL", "begins with ~", ["~/kv"]],
  ["KV_URL", "is a path with a comma", ["/data/a,b"]],
  ["ZITADEL_INTERNAL_URL", "is not an origin", [
    ...["zitadel:8080", "http://zitadel/path", "http://a:b@zitadel"],
    ...["ftp://zitadel", "http://"],
  ]],
  ["AUTHORIZATION_SIGNING_KEY", "is missing", [undefined, "", " , ,"]],
  ["AUTHORIZATION_SIGNING_KEY", "holds an empty key, or one with spaces", [
    `${KEY},`,
    "can ary",
  ]],
  ["AUTHORIZATION_SIGNING_KEY", "holds the same key twice", [`${KEY},${KEY}`]],
  ["AUTHORIZATION_SIGNING_KEY", "is a list in another notation", [
    ...['["canary"]', "[canary]", "(canary)", "a;canary"],
    ...["<canary>", "$canary"],
  ]],
  ["AUTHORIZATION_SIGNING_KEY", "is a ZITADEL-Signature header", [
    `t=1795469197,v1=${"0".repeat(64)}`,
    `v1=${"0".repeat(64)}`,
    "t=1795469197",
  ]],
  ["ACCESS_TOKEN", "is missing", [""]],
  ["ACCESS_TOKEN", "has spaces", ["can ary", "[canary]", "<canary>"]],
  ["ACCESS_TOKEN", "has spaces", ["$canary"]],
  ["ACCESS_TOKEN", "begins with Bearer", ["Bearer canary"]],
  ["ACCESS_TOKEN", "is JSON: the text of a key file goes into", [
    '{"type":"serviceaccount"}',
  ]],
  ["ACCESS_TOKEN", "holds a control character", ["canary\ncanary"]],
  ["METADATA_ORGANIZATION", "is neither user, nor grant", [
    ...["grant s", "user,grant", "a/b", "User", "GRANT", "grants"],
    ...["all", "null"],
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
    { CLIENT_ID: "a", CLIENT_SECRET: "b", SERVICE_ACCOUNT_KEY: KEY_FILE },
    "ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET, SERVICE_ACCOUNT_KEY are all set",
  ],
];

Deno.test("readConfig() refuses a setting that is missing or wrong", () => {
  const wrong = WRONG.flatMap(([name, problem, values]) =>
    values.map((value) => [{ [name]: value }, `${name} ${problem}`] as const)
  );
  for (const [change, problem] of [...wrong, ...WRONG_TOGETHER]) {
    const message = messageOf({ ...least, ...change });
    assert.match(message, /^Cannot start: 1 setting needs attention\n/);
    assert.ok(message.includes(`\n  ${problem}`), message);
  }
});

Deno.test("readConfig() refuses quotes, control and invisible characters in every setting, and shows none", () => {
  const quoted = ['"canary"', "'canary'", "`canary`"];
  const invisible = ["can\u0000ary", "can\u200bary", "can\u001b[31mary"];
  const problem = "(?:begins or ends with a quote|holds a control character)";
  for (const [name, setting] of Object.entries(SETTINGS)) {
    for (const value of [...quoted, ...invisible]) {
      const message = messageOf({ ...least, [name]: value });
      assert.match(message, RegExp(`^  ${name} ${problem}`, "m"));
      assert.ok(!message.includes("ary"), message);
    }
    if (!("secret" in setting)) continue;
    for (const value of ["ca nary", "{canary}", "canary,canary,"]) {
      messageOf({ ...least, [name]: value });
    }
  }
});

const FILE = JSON.parse(KEY_FILE);

testEach<string>("readConfig() refuses a key file that is not one", {
  "not JSON": "canary",
  "half of it": KEY_FILE.slice(0, -20),
  "null": "null",
  "an array": "[]",
  "an application's key": JSON.stringify({ ...FILE, type: "application" }),
  "without keyId": JSON.stringify({ ...FILE, keyId: undefined }),
  "without userId": JSON.stringify({ ...FILE, userId: undefined }),
  "without key": JSON.stringify({ ...FILE, key: undefined }),
  "a key without line breaks": KEY_FILE.replaceAll("\\n", ""),
  "a key with doubled line breaks": KEY_FILE.replaceAll("\\n", "\\n\\n"),
  "half of a key": KEY_FILE.replace("MAZjYW5hcnk=", "MAZjYW4="),
  "a key that is not base64": KEY_FILE.replace("MAZjYW5hcnk=", "MAZ="),
  "a public key": JSON.stringify({
    ...FILE,
    key: "-----BEGIN PUBLIC KEY-----\ncanary",
  }),
}, (text) => {
  const message = messageOf(withCredential({ SERVICE_ACCOUNT_KEY: text }));
  assert.deepEqual(namesIn(message), ["SERVICE_ACCOUNT_KEY"]);
});

testEach<[isRight: boolean, text: string]>(
  "readConfig() tells a private key from what is none",
  {
    "a JWK": [true, PRIVATE_JWK],
    "a set of JWKs": [true, `{"keys":[${PRIVATE_JWK},${PRIVATE_JWK}]}`],
    "a PEM": [true, PRIVATE_PEM],
    "two PEMs": [true, PRIVATE_PEM + PRIVATE_PEM],
    "a PEM in one line": [true, PRIVATE_PEM.replaceAll("\n", "\\n")],
    "a public JWK": [false, '{"kty":"EC","crv":"P-256","x":"canary"}'],
    "a set with a public JWK": [
      false,
      `{"keys":[${PRIVATE_JWK},{"kty":"EC"}]}`,
    ],
    "an empty set": [false, '{"keys":[]}'],
    "a set of nothing": [false, '{"keys":[null]}'],
    "a public PEM": [false, "-----BEGIN PUBLIC KEY-----\ncanary"],
    "a PKCS#1 PEM": [false, "-----BEGIN RSA PRIVATE KEY-----\ncanary"],
    "null": [false, "null"],
    "a text": [false, "canary"],
  },
  ([isRight, text]) => {
    const environment = { ...least, PAYLOAD_PRIVATE_KEY: text };
    if (isRight) {
      assert.equal(readConfig(environment).payloadPrivateKey, text.trim());
    } else {
      const names = namesIn(messageOf(environment));
      assert.deepEqual(names, ["PAYLOAD_PRIVATE_KEY"]);
    }
  },
);

Deno.test("readConfig() names every problem at once", () => {
  const wrong = {
    ZITADEL_DOMAIN: "a b",
    AUTHORIZATION_SIGNING_KEY: ",",
    METADATA_ORGANIZATION: "a b",
    PERMISSIONS_CLAIM: "sub",
    CACHE_FRESH_SECONDS: "a",
    CACHE_STALE_SECONDS: "a",
    UPSTREAM_TIMEOUT_MS: "a",
    PAYLOAD_PRIVATE_KEY: "a",
    PORT: "a",
  };
  const message = messageOf({ ...wrong, ACCESS_TOKEN: "a", CLIENT_ID: "b" });
  const names = Object.keys(wrong).toSpliced(2, 0, "ACCESS_TOKEN,");
  assert.deepEqual(namesIn(message), names);
  assert.match(messageOf({}), /^Cannot start: 3 settings need attention\n/);
});
