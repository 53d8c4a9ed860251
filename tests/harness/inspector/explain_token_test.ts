import assert from "node:assert/strict";
import {
  explain,
  explainRefusal,
  type ExplainSettings,
} from "../../../harness/inspector/explain_token.ts";
import type { Question } from "../../../harness/explain/token_question.ts";
import {
  ACME,
  ANN,
  ask,
  ASKED,
  BOUND,
  callWith,
  entries,
  EXCHANGE,
  FAILED,
  GLOBEX,
  GRANT,
  NO_CALLS,
  post,
  QUESTION,
  REQUEST,
  rules,
  SETTINGS,
  SETUP,
  unmapped,
  withEntry,
} from "./_question.ts";

Deno.test("explain() explains roles by the function's own look-up and settings", async (t) => {
  const organizations = [{
    ...ACME,
    entries: entries({
      admin: '["all"]',
      "7:admin": '["own"]',
      viewer: "a,b",
      broken: '["a", 1]',
    }),
  }, GLOBEX];
  const call = callWith("admin", "viewer", "guest", "broken");
  await t.step("in the user's organization", async () => {
    const { roles, suggestions } = await ask({ organizations, call });
    assert.deepEqual(
      roles.map(({ key, permissions }) => [key, permissions]),
      [["7:admin", ["own"]], ["viewer", ["a", "b"]], [undefined, []], [
        "broken",
        [],
      ]],
    );
    assert.match(roles[3]!.why!, /not a string/);
    assert.deepEqual(suggestions, ["a", "all", "b", "own", "theirs:read"]);
  });
  await t.step("in a fixed one, also without roles", async () => {
    const fixed = rules({ metadataOrganization: "2" });
    assert.deepEqual((await ask({ call: undefined }, fixed)).organizations, [
      "2",
    ]);
    assert.deepEqual((await ask({}, fixed)).roles[0]!.permissions, [
      "theirs:read",
    ]);
  });
  await t.step("in the user's own, without roles", async () => {
    const found = await ask({ call: undefined, user: { ...ANN, grants: [] } });
    assert.deepEqual(found.organizations, ["1"]);
  });
  await t.step("and tells roles that do not count", async () => {
    const { roles } = await ask({}, rules({ projects: new Set(["8"]) }));
    assert.deepEqual(
      roles.map(({ isCounted, permissions }) => [isCounted, permissions]),
      [[false, []]],
    );
  });
});

Deno.test("explain() names one cause, and what fixes it", async (t) => {
  const cases: [
    string,
    Partial<Question>,
    Partial<ExplainSettings>,
    RegExp,
    string?,
  ][] = [
    ["a foreign claim", { claim: "odd" }, {}, /shape that this function/],
    [
      "an unreadable entry",
      { claim: "empty", ...withEntry("") },
      {},
      /^The value is empty .*“viewer” in Acme’s/,
      "Edit the entry",
    ],
    [
      "an empty entry",
      { claim: "empty", ...withEntry("[]") },
      {},
      /its entry is an empty array.*“viewer”/,
      "Edit the entry",
    ],
    [
      "one missing entry",
      unmapped("viewer"),
      {},
      /^Acme’s metadata has no entry for viewer /,
      "Add it",
    ],
    [
      "a missing entry, and one with almost its name",
      {
        ...unmapped("viewer"),
        organizations: [{ ...ACME, entries: entries({ Viewer: '["a"]' }) }],
      },
      {},
      /^Acme’s metadata has no entry for viewer .*“Viewer” differs from “viewer” in upper/,
      "Add it",
    ],
    [
      "an unknown mapping",
      { ...unmapped("a"), organizations: [] },
      {},
      /does not know the mapping/,
      "Log in again and read the mapping",
    ],
    [
      "a mapping that changed later",
      { claim: "empty", ...withEntry('["a"]', ASKED + 1) },
      {},
      /changed after this token was issued Acme’s metadata grants a since/,
      "Try with a new token",
    ],
    [
      "a stale cache",
      { claim: "empty", ...withEntry('["a"]', ASKED - 1) },
      {},
      /from its cache.*grants a now.*until .*CACHE_FRESH_SECONDS=60/,
      "Try with a new token",
    ],
    [
      "nothing bound",
      { exchanges: [] },
      {},
      /No target is bound to preaccesstoken So/,
      SETUP,
    ],
    [
      "bound meanwhile",
      { exchanges: [] },
      { readBinding: () => Promise.resolve([BOUND]) },
      /when this token was issued .*http:\/\/function\/ is bound now/,
      "Try with a new token",
    ],
    [
      "an opaque token and nothing bound",
      { isOpaque: true },
      {},
      /No target is bound to preuserinfo/,
      SETUP,
    ],
    [
      "a failing function",
      { exchanges: [FAILED] },
      {},
      /http:\/\/function\/ answered 502 upstream_failed .*could not read the mapping/,
      "Try again",
    ],
    ["other settings", {}, {}, /answer has no “permissions”.*PROJECTS/],
    [
      "PROJECTS",
      {},
      rules({ projects: new Set(["8"]) }),
      /^viewer in Shop does not count: PROJECTS .*project 7 by Acme \(1\)\. .*add 7 to PROJECTS/,
    ],
    [
      "APPLICATIONS",
      {},
      rules({ applications: new Set(["other"]) }),
      /APPLICATIONS does not list the application client .*add it to APPLICATIONS/,
    ],
    [
      "roles that were not requested",
      { call: undefined, user: ANN },
      {},
      /^Ann has viewer in Shop This login did not request Shop’s roles/,
      REQUEST,
    ],
    [
      "a service user's",
      { call: undefined, user: { ...ANN, isMachine: true } },
      {},
      /a service user’s roles only on request/,
      REQUEST,
    ],
    [
      "a user without roles",
      { call: undefined, user: { ...ANN, grants: [{ ...GRANT, roles: [] }] } },
      {},
      /^Ann has no roles/,
    ],
    [
      "deactivated roles",
      {
        call: undefined,
        user: { ...ANN, grants: [{ ...GRANT, active: false }] },
      },
      {},
      /in Shop are deactivated/,
    ],
    [
      "from outside: only userinfo is bound",
      { ...NO_CALLS, userinfo: { hasClaim: true } },
      {},
      /No target is bound to preaccesstoken/,
      SETUP,
    ],
    [
      "from outside: nothing is bound",
      NO_CALLS,
      { readBinding: () => Promise.resolve([]) },
      /No target is bound to preaccesstoken/,
      SETUP,
    ],
    [
      "from outside: roles were sent",
      NO_CALLS,
      {},
      /ZITADEL lists viewer.*either no target/,
      "Copy “deno task doctor”",
    ],
    [
      "from outside: bound",
      NO_CALLS,
      { readBinding: () => Promise.resolve([BOUND]) },
      /Webhook does not interrupt on errors .*http:\/\/function\/ failed/,
      "Copy “deno task doctor”",
    ],
    [
      "from outside: bound and interrupting",
      NO_CALLS,
      {
        readBinding: () =>
          Promise.resolve([{ ...BOUND, interruptOnError: true }]),
      },
      /interrupts on errors, so the function did answer/,
      "Copy “deno task doctor”",
    ],
    [
      "from outside: roles were not requested",
      { ...NO_CALLS, call: undefined, userinfo: { hasClaim: false } },
      {},
      /did not request them/,
      "Log in again and request the project’s roles",
    ],
    [
      "from outside: no roles",
      {
        ...NO_CALLS,
        call: undefined,
        login: {
          clientId: "client",
          scope: "urn:zitadel:iam:org:projects:roles",
        },
      },
      {},
      /user has no roles here/,
    ],
    [
      "from outside: userinfo fails",
      {
        ...NO_CALLS,
        call: undefined,
        userinfo: { hasClaim: false, error: "HTTP 500" },
      },
      {},
      /could not be read \(HTTP 500\)/,
    ],
    [
      "a pasted token",
      { ...NO_CALLS, call: undefined, login: undefined },
      {},
      /pasted token does not/,
    ],
  ];
  for (const [name, question, settings, expected, fix] of cases) {
    await t.step(name, async () => {
      const { diagnosis } = await ask(question, settings);
      assert.match(`${diagnosis?.title} ${diagnosis?.text}`, expected);
      assert.equal(diagnosis?.fix?.label, fix);
    });
  }
});

Deno.test("explain() notes what a token with permissions could have too", async () => {
  const filled = {
    claim: "filled" as const,
    items: [{ permission: "posts:read" }],
  };
  assert.equal((await ask(filled)).diagnosis, undefined);
  const depot = { ...GRANT, projectId: "8", roles: ["picker"] };
  const { diagnosis } = await ask({
    ...filled,
    user: { ...ANN, grants: [GRANT, depot] },
  });
  assert.equal(diagnosis?.tone, "note");
  assert.deepEqual(diagnosis?.fix?.scopes, [
    "urn:zitadel:iam:org:project:id:8:aud",
    "urn:zitadel:iam:org:projects:roles",
  ]);
});

Deno.test("explainRefusal() explains why no token was issued, if the function is the cause", async () => {
  const why = async (calls: unknown, settings: Partial<ExplainSettings> = {}) =>
    await (await explainRefusal(post(calls), { ...SETTINGS, ...settings }))
      .json();
  const { title, text } = await why([EXCHANGE, FAILED]);
  assert.match(title, /answered 502 upstream_failed/);
  assert.match(text, /interruptOnError\), so ZITADEL issued no token/);
  assert.equal(await why([FAILED, EXCHANGE]), null);
  assert.equal(await why(null), null);
  const readBinding = () =>
    Promise.resolve([{ ...BOUND, interruptOnError: true }]);
  assert.match(
    (await why(null, { readBinding })).title,
    /asks the function at http:\/\/function\/ first/,
  );
});

Deno.test("explain() refuses what is not a question", async (t) => {
  const odd = [{ id: "1", name: "x", entries: [{ key: "a", value: "é" }] }];
  const bodies: [string, unknown][] = [
    ["nothing", undefined],
    ["no claim", { organizations: [] }],
    ["an unknown call", { ...QUESTION, call: {} }],
    ["a value that is not base64", { ...QUESTION, organizations: odd }],
  ];
  for (const [name, body] of bodies) {
    await t.step(name, async () => {
      assert.equal((await explain(post(body), SETTINGS)).status, 400);
    });
  }
});
