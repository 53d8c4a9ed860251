import assert from "node:assert/strict";
import { testEach } from "../../_test_each.ts";
import {
  acme,
  ANN,
  ask,
  type Asked,
  callWith,
  DEPOT,
  FAILED,
  GLOBEX,
  GRANT,
} from "./_question.ts";

const MAPPING = {
  viewer: '["posts:read"]',
  picker: '["stock:pick"]',
  admin: '["all:do","Posts:Write"]',
  broken: '"[\\"odd:one\\"]"',
};

const among = (part: object) => ({
  items: [{ permission: "posts:read", ...part }],
});
const mapped = (values: Record<string, string>) => ({
  organizations: [acme(values), GLOBEX],
});

/** By permission and situation: the answer, and the label of what fixes it. */
testEach<[Asked, RegExp, string?]>(
  "explain() answers why one permission is missing",
  {
    "posts:read: it is not": [{}, /is in this token By viewer in Shop\.$/],
    "posts:read: another target's": [mapped({}), /No entry grants it now/],
    "posts:read: of another project": [
      among({ project: "8" }),
      /in this token for Depot An API of Shop does not look there/,
    ],
    "posts:read: of another organization": [
      among({ project: "7", organization: "2" }),
      /given by Globex An API of Shop for Acme/,
    ],
    "stock:pick: not requested": [
      { user: { ...ANN, grants: [GRANT, DEPOT] } },
      /^This login did not request Depot’s roles picker in Depot grants it\. Without/,
      "Log in again and request Depot’s roles",
    ],
    "all:do: lacking": [
      {},
      /^Only admin grants “all:do” This user does not have this role, only viewer/,
    ],
    "all:do: an entry of the project with almost the role's name": [
      mapped({ "7:Viewer": '["all:do"]' }),
      /^The entry “7:Viewer” grants it, and This user has “viewer” .*“7:Viewer” differs from “7:viewer” in upper and lower case\. Add an entry “7:viewer”/,
      "Add “7:viewer”",
    ],
    "stock:pic: misspelled": [
      {},
      /“picker” grants “stock:pick”, which differs in spelling/,
      "Edit the entry",
    ],
    "odd:one: unreadable": [{}, /“broken” cannot be read/, "Edit the entry"],
    "odd:one: unreadable, of a role that was sent": [
      { call: callWith("broken") },
      /^The value is encoded once too often.* So the entry “broken” in Acme’s metadata/,
      "Edit the entry",
    ],
    "posts:read: broken": [
      { items: [], claim: "missing", exchanges: [FAILED] },
      /answered 502/,
      "Try again",
    ],
    "all:do: unknown mapping": [
      { organizations: [] },
      /does not know the mapping/,
      "Log in again and read the mapping",
    ],
    "a b: no room in the shape": [
      { ...mapped({ viewer: '["a b"]' }), rules: { shape: "string" } },
      /PERMISSIONS_SHAPE=string cannot carry “a b”/,
    ],
  },
  async ([question, expected, fix], name) => {
    const { answer } = await ask({
      claim: "filled",
      ...among({}),
      ...mapped(MAPPING),
      ...question,
      permission: name.split(": ")[0]!,
    });
    assert.match(`${answer?.title} ${answer?.text}`, expected);
    assert.equal(answer?.fix?.label, fix);
  },
);
