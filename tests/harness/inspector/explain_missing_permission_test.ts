import assert from "node:assert/strict";
import type { ExplainSettings } from "../../../harness/inspector/explain_token.ts";
import type { Question } from "../../../harness/explain/token_question.ts";
import {
  ACME,
  ANN,
  ask,
  callWith,
  entries,
  FAILED,
  GLOBEX,
  GRANT,
  rules,
} from "./_question.ts";

Deno.test("explain() answers why one permission is missing", async (t) => {
  const filled = {
    claim: "filled" as const,
    items: [{ permission: "posts:read" }],
  };
  const depot = { ...GRANT, projectId: "8", roles: ["picker"] };
  const others = [{
    ...ACME,
    entries: entries({
      viewer: '["posts:read"]',
      picker: '["stock:pick"]',
      admin: '["all:do","Posts:Write"]',
      broken: '"[\\"odd:one\\"]"',
    }),
  }, GLOBEX];
  const items = (part: object) => ({
    items: [{ permission: "posts:read", ...part }],
  });
  const cases: [
    string,
    string,
    Partial<Question>,
    Partial<ExplainSettings>,
    RegExp,
  ][] = [
    [
      "it is not",
      "posts:read",
      {},
      {},
      /is in this token By viewer in Shop\.$/,
    ],
    [
      "another target's",
      "posts:read",
      { organizations: [{ ...ACME, entries: [] }] },
      {},
      /No entry grants it now/,
    ],
    [
      "of another project",
      "posts:read",
      items({ project: "8" }),
      {},
      /in this token for Depot An API of Shop does not look there/,
    ],
    [
      "of another organization",
      "posts:read",
      items({ project: "7", organization: "2" }),
      {},
      /given by Globex An API of Shop for Acme/,
    ],
    [
      "not requested",
      "stock:pick",
      { user: { ...ANN, grants: [GRANT, depot] } },
      {},
      /^This login did not request Depot’s roles picker in Depot grants it\. Without/,
    ],
    [
      "lacking",
      "all:do",
      {},
      {},
      /^Only admin grants “all:do” This user does not have this role, only viewer/,
    ],
    [
      "misspelled",
      "stock:pic",
      {},
      {},
      /“picker” grants “stock:pick”, which differs in spelling/,
    ],
    ["unknown", "nothing:like", {}, {}, /No similar name is in/],
    ["unreadable", "odd:one", {}, {}, /“broken” cannot be read/],
    [
      "broken",
      "posts:read",
      { items: [], claim: "missing", exchanges: [FAILED] },
      {},
      /answered 502/,
    ],
    [
      "unknown mapping",
      "all:do",
      { organizations: [] },
      {},
      /does not know the mapping/,
    ],
    [
      "no room in the shape",
      "a b",
      { organizations: [{ ...ACME, entries: entries({ viewer: '["a b"]' }) }] },
      rules({ shape: "string" }),
      /PERMISSIONS_SHAPE=string cannot carry “a b”/,
    ],
  ];
  for (const [name, permission, question, settings, expected] of cases) {
    await t.step(name, async () => {
      const { answer } = await ask({
        ...filled,
        organizations: others,
        ...question,
        permission,
      }, settings);
      assert.match(`${answer?.title} ${answer?.text}`, expected);
    });
  }
  await t.step("another organization's", async () => {
    const foreign = {
      ...callWith("viewer"),
      user_grants: [{
        ...callWith("viewer").user_grants[0],
        resource_owner: "2",
      }],
    };
    const { answer } = await ask({
      ...filled,
      call: foreign,
      permission: "theirs:read",
    });
    assert.match(answer!.title, /^Only Globex’s metadata grants “theirs:read”/);
  });
});
