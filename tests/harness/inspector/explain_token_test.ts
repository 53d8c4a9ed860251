import assert from "node:assert/strict";
import {
  explain,
  explainRefusal,
} from "../../../harness/inspector/explain_token.ts";
import { testEach } from "../../_test_each.ts";
import {
  acme,
  ANN,
  ask,
  ASKED,
  type Asked,
  callWith,
  DEPOT,
  entries,
  EXCHANGE,
  FAILED,
  GLOBEX,
  GRANT,
  post,
  QUESTION,
  SETTINGS,
} from "./_question.ts";

const BOUND = {
  condition: "function/preaccesstoken",
  name: "Webhook",
  endpoint: "http://function/",
  interruptOnError: false,
};
const INTERRUPTING = { ...BOUND, interruptOnError: true };

Deno.test("explain() explains roles by the function's own look-up and settings", async () => {
  const mapping = { admin: '["all"]', "7:admin": '["own"]', viewer: "a,b" };
  const organizations = [acme({ ...mapping, broken: '["a", 1]' }), GLOBEX];
  const call = callWith("admin", "viewer", "guest", "broken");
  const { roles, suggestions } = await ask({ organizations, call });
  assert.deepEqual(roles.map(({ key, permissions }) => [key, permissions]), [
    ["7:admin", ["own"]],
    ["viewer", ["a", "b"]],
    [undefined, []],
    ["broken", []],
  ]);
  assert.match(roles[3]!.why!, /not a string/);
  assert.deepEqual(suggestions, ["a", "all", "b", "own", "theirs:read"]);
  const fixed = await ask({ rules: { metadataOrganization: "2" } });
  assert.deepEqual(fixed.roles[0]!.permissions, ["theirs:read"]);
  const [role] = (await ask({ rules: { projects: new Set(["8"]) } })).roles;
  assert.deepEqual([role!.isCounted, role!.permissions], [false, []]);
});

Deno.test("explain() names the organization whose mapping counts, also without roles", async () => {
  const organizationsOf = async (asked: Asked) =>
    (await ask({ call: undefined, ...asked })).organizations;
  const user = { ...ANN, grants: [] };
  assert.deepEqual(await organizationsOf({ user }), ["1"]);
  const rules = { metadataOrganization: "2" };
  assert.deepEqual(await organizationsOf({ rules }), ["2"]);
});

const SETUP = "Copy “deno task setup”";
const DOCTOR = "Copy “deno task doctor”";
const REQUEST = "Log in again and request Shop’s roles";
const RENEW = "Try with a new token";
const withEntry = (value: string, changed?: number): Asked => ({
  claim: "empty",
  organizations: [acme({ viewer: value }, changed)],
});
const mapped = (values: Record<string, string>): Asked => ({
  claim: "empty",
  organizations: [acme(values)],
});
const NO_CALL = { call: undefined };
/** A real instance shows no calls. */
const OUTSIDE = { exchanges: undefined };

testEach<[Asked, RegExp, string?]>(
  "explain() names one cause, and what fixes it",
  {
    "a foreign claim": [{ claim: "odd" }, /shape that this function/],
    "an unreadable entry": [
      withEntry(""),
      /^The value is empty .*“viewer” in Acme’s/,
      "Edit the entry",
    ],
    "an empty entry": [
      withEntry("[]"),
      /its entry is an empty array.*“viewer”/,
      "Edit the entry",
    ],
    "no room in the shape": [
      { ...withEntry('["a b"]'), rules: { shape: "string" } },
      /PERMISSIONS_SHAPE=string cannot carry “a b”/,
    ],
    "one missing entry": [
      mapped({}),
      /^Acme’s metadata has no entry for viewer /,
      "Add it",
    ],
    "several missing entries": [
      { ...mapped({}), call: callWith("viewer", "admin") },
      /^Acme’s metadata has no entry for viewer or admin /,
      "Add all 2",
    ],
    "a missing entry, and one with almost its name": [
      mapped({ Viewer: '["a"]' }),
      /^Acme’s metadata has no entry for viewer .*“Viewer” differs from “viewer” in upper/,
      "Add it",
    ],
    "an unknown mapping": [
      { claim: "empty", organizations: [] },
      /does not know the mapping/,
      "Log in again and read the mapping",
    ],
    "a mapping that changed later": [
      withEntry('["a"]', ASKED + 1),
      /changed after this token was issued Acme’s metadata grants a since/,
      RENEW,
    ],
    "a stale cache": [
      withEntry('["a"]', ASKED - 1),
      /from its cache.*grants a now.*until .*CACHE_FRESH_SECONDS=60/,
      RENEW,
    ],
    "a stale cache, and no events": [
      { ...withEntry('["a"]', ASKED - 1), bound: [BOUND] },
      /no target is bound to event\/group\/org\.metadata/,
      RENEW,
    ],
    "nothing bound": [
      { exchanges: [] },
      /No target is bound to preaccesstoken So/,
      SETUP,
    ],
    "bound meanwhile": [
      { exchanges: [], bound: [BOUND] },
      /when this token was issued .*http:\/\/function\/ is bound now/,
      RENEW,
    ],
    "an opaque token and nothing bound": [
      { isOpaque: true },
      /No target is bound to preuserinfo/,
      SETUP,
    ],
    "a failing function": [
      { exchanges: [FAILED] },
      /http:\/\/function\/ answered 502 upstream_failed .*could not read the mapping/,
      "Try again",
    ],
    "other settings": [{}, /answer has no “permissions”.*PROJECTS/],
    "PROJECTS": [
      { rules: { projects: new Set(["8"]) } },
      /^viewer in Shop does not count: PROJECTS .*project 7 by Acme \(1\)\. .*to PROJECTS/,
    ],
    "GRANTED_BY": [
      { rules: { grantedBy: new Set(["2"]) } },
      /^viewer in Shop does not count: GRANTED_BY .*to GRANTED_BY/,
    ],
    "APPLICATIONS": [
      { rules: { applications: new Set(["other"]) } },
      /APPLICATIONS does not list the application client .*add it to APPLICATIONS/,
    ],
    "roles that were not requested": [
      { ...NO_CALL, user: ANN },
      /^Ann has viewer in Shop This login did not request Shop’s roles/,
      REQUEST,
    ],
    "a service user's": [
      { ...NO_CALL, user: { ...ANN, isMachine: true } },
      /a service user’s roles only on request/,
      REQUEST,
    ],
    "a user without roles": [
      { ...NO_CALL, user: { ...ANN, grants: [{ ...GRANT, roles: [] }] } },
      /^Ann has no roles/,
    ],
    "deactivated roles": [
      { ...NO_CALL, user: { ...ANN, grants: [{ ...GRANT, active: false }] } },
      /in Shop are deactivated/,
    ],
    "from outside: only userinfo is bound": [
      { ...OUTSIDE, userinfo: { hasClaim: true } },
      /No target is bound to preaccesstoken/,
      SETUP,
    ],
    "from outside: nothing is bound": [
      { ...OUTSIDE, bound: [] },
      /No target is bound to preaccesstoken/,
      SETUP,
    ],
    "from outside: roles were sent": [
      OUTSIDE,
      /ZITADEL lists viewer.*either no target/,
      DOCTOR,
    ],
    "from outside: bound": [
      { ...OUTSIDE, bound: [BOUND] },
      /Webhook does not interrupt on errors .*http:\/\/function\/ failed/,
      DOCTOR,
    ],
    "from outside: bound and interrupting": [
      { ...OUTSIDE, bound: [INTERRUPTING] },
      /interrupts on errors, so the function did answer/,
      DOCTOR,
    ],
    "from outside: roles were not requested": [
      { ...OUTSIDE, ...NO_CALL, userinfo: { hasClaim: false } },
      /did not request them/,
      "Log in again and request the project’s roles",
    ],
    "from outside: no roles": [
      {
        ...OUTSIDE,
        ...NO_CALL,
        login: {
          clientId: "client",
          scope: "urn:zitadel:iam:org:projects:roles",
        },
      },
      /user has no roles here/,
    ],
    "from outside: userinfo fails": [
      {
        ...OUTSIDE,
        ...NO_CALL,
        userinfo: { hasClaim: false, error: "HTTP 500" },
      },
      /could not be read \(HTTP 500\)/,
    ],
    "a pasted token": [
      { ...OUTSIDE, ...NO_CALL, login: undefined },
      /pasted token does not/,
    ],
  },
  async ([question, expected, fix]) => {
    const { diagnosis } = await ask(question);
    assert.match(`${diagnosis?.title} ${diagnosis?.text}`, expected);
    assert.equal(diagnosis?.fix?.label, fix);
  },
);

Deno.test("explain() notes what a token with permissions could have too", async () => {
  const items = [{ permission: "posts:read" }];
  const filled = { claim: "filled" as const, items };
  assert.equal((await ask(filled)).diagnosis, undefined);
  const user = { ...ANN, grants: [GRANT, DEPOT] };
  const { diagnosis } = await ask({ ...filled, user });
  assert.equal(diagnosis?.tone, "note");
  assert.equal(
    diagnosis?.fix?.scopes,
    "urn:zitadel:iam:org:project:id:8:aud urn:zitadel:iam:org:projects:roles",
  );
});

Deno.test("explainRefusal() explains why no token was issued, if the function is the cause", async () => {
  const why = async (calls: unknown, settings = {}) =>
    await (await explainRefusal(post(calls), { ...SETTINGS, ...settings }))
      .json();
  const { title, text } = await why([EXCHANGE, FAILED]);
  assert.match(title, /answered 502 upstream_failed/);
  assert.match(text, /interruptOnError\), so ZITADEL issued no token/);
  assert.equal(await why([FAILED, EXCHANGE]), null);
  assert.equal(await why(null), null);
  const readBinding = () => Promise.resolve([INTERRUPTING]);
  assert.match(
    (await why(null, { readBinding })).title,
    /asks the function at http:\/\/function\/ first/,
  );
});

testEach("explain() refuses what is not a question", {
  "nothing": undefined,
  "no claim": { organizations: [] },
  "an unknown call": { ...QUESTION, call: {} },
  "a value that is not base64": {
    ...QUESTION,
    organizations: [{
      ...acme({}),
      entries: [{ ...entries({ a: "" })[0], value: "é" }],
    }],
  },
}, async (body) => {
  assert.equal((await explain(post(body), SETTINGS)).status, 400);
});
