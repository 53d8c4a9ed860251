import assert from "node:assert/strict";
import { z } from "zod";
import { testEach } from "../../_test_each.ts";
import schema from "../../../roles.schema.json" with { type: "json" };
import { parseRoles } from "../../../harness/mapping/parse_roles.ts";

const AS_PROJECT = "is taken for the id of a project";
const NUMBERS = "ZITADEL's own ids are numbers: is it a project's name?";
const FOREIGN = 'write a role as {"admin": ["..."]}; no entry extends another';
const TWINS =
  "only in case or in characters that look alike: these are two names";
const LITERAL = "is literal: there are no wildcards, negations or references";

/** Stands before what the JSON Schema refuses, too. */
const SCHEMA = "schema";

/** Files, and what is reported about them. */
const PROBLEMS: Record<string, string[]> = {
  '{"$schema": "./roles.schema.json", "admin": ["a"]}': [],
  '{"admin": [], "42": {"admin": ["é"]}}': [],
  '{"Storefront": {"editor": ["a", 1]}}': [
    SCHEMA,
    `warning Storefront: ${AS_PROJECT}; ${NUMBERS}`,
    "error Storefront.editor[1]: is not a string",
  ],
  '{"4": {"b": "c"}}': [SCHEMA, "error 4.b: is not an array of strings"],
  '{"a": [""]}': [SCHEMA, "error a[0]: is empty"],
  '{"a": ["b\\u0007"]}': [SCHEMA, "error a[0]: has a control character"],
  '{"": []}': [SCHEMA, 'error "": is an empty role name'],
  '{"a": [], "a": []}': ["error a: occurs twice"],
  '{"4": {"a": [], "a": []}}': ["error 4.a: occurs twice"],
  '{"4": {"a": []}, "4:a": []}': [
    'warning 4:a: is the role "a" of the project 4; write it as {"4":{"a":["..."]}}',
    'error 4:a: is the metadata key "4:a" once more',
  ],
  '{"shop:admin": ["a"]}': [
    'warning shop:admin: looks qualified: for a project with the id "shop" it is the role "admin"',
  ],
  '{"admin": {"permissions": ["a"]}}': [
    `warning admin: ${AS_PROJECT} with a role "permissions"; ${FOREIGN}`,
  ],
  '{"editor": {"extends": ["viewer"], "scopes": ["a"]}}': [
    `warning editor: ${AS_PROJECT} with a role "extends"; ${FOREIGN}`,
  ],
  '{"roles": {"admin": ["a"]}}': [
    `warning roles: ${AS_PROJECT}; write its roles at the top level`,
  ],
  '{"extends": ["viewer"]}': [
    "warning extends: is taken for a role of this name",
  ],
  '{"Admin": ["a"], "admin": ["a", "A"], "4": {"admin": ["a"]}}': [
    `warning admin: differs from "Admin" ${TWINS}`,
    `warning admin[1]: differs from "a" ${TWINS}`,
  ],
  '{"caf\u00e9": ["a"], "cafe\u0301": ["a"]}': [
    `warning "cafe\u0301": differs from "caf\u00e9" ${TWINS}`,
    'warning "cafe\u0301": spells a letter and its accent as two characters (not NFC)',
  ],
  '{"a\u200b": ["posts\u00ad:read", "posts:read"]}': [
    'warning "a\u200b": has an invisible character (U+200B)',
    'warning "a\u200b"[0]: has an invisible character (U+00AD)',
    `warning "a\u200b"[1]: differs from "posts\u00ad:read" ${TWINS}`,
  ],
  '{"a": ["*", "posts:*", "!x", "-x", "@role", "a-b@c"], "b": ["*"]}': [
    "*",
    "posts:*",
    "!x",
    "-x",
    "@role",
  ].map((name, index) => `warning a[${index}]: "${name}" ${LITERAL}`),
  '{"a": ["b", "b"]}': ['warning a[1]: repeats "b"'],
  '{" admin ": ["a"]}': [
    'warning " admin ": has white space at an end of its name',
  ],
  '{"a": ["b, c"]}': [
    'warning a[0]: "b, c" has white space or a comma: is it several permissions? The shape "string" leaves out names with white space',
  ],
  '{"77:ops": {"a": []}}': [
    "error 77:ops: is no project id that can have entries of its own: it is empty or has a colon",
  ],
  [JSON.stringify({ ["x".repeat(201)]: [] })]: [
    SCHEMA,
    `error ${"x".repeat(201)}: takes 201 characters as a metadata key ("${
      "x".repeat(20)
    }..."), and ZITADEL accepts 200 at most`,
  ],
  [JSON.stringify({ a: ["x".repeat(100_000)] })]: [
    "error a: takes 100,004 bytes, and the function reads 100,000 at most",
  ],
  '{"a": [\n  "b",\n]}': [
    'error : the file is not JSON (ValueExpected at line 3, column 1); expected an object such as {"admin": ["read:all"]}',
  ],
};

testEach(
  "parseRoles() names every problem with its path",
  PROBLEMS,
  (expected, text) =>
    assert.deepEqual(
      parseRoles(text).problems.map(({ severity, path, text }) =>
        `${severity} ${path}: ${text}`
      ),
      expected.filter((it) => it !== SCHEMA),
    ),
);

Deno.test("parseRoles() says on which line and in which column a problem is", () => {
  const text = '{\n  "a": ["x",\n    "*", 1],\n  "b": ["x", "X"]\n}';
  assert.deepEqual(
    parseRoles(text).problems.map(({ line, column }) => [line, column]),
    [[3, 5], [3, 10], [4, 14]],
  );
  const [whole] = parseRoles("").problems;
  assert.equal(whole!.line, undefined);
});

testEach(
  "roles.schema.json refuses what a schema can, and accepts what can be written",
  PROBLEMS,
  (expected, text) => {
    if (expected.some((it) => it.includes("not JSON"))) return;
    // deno-lint-ignore no-explicit-any -- the type of a JSON Schema
    const { success } = z.fromJSONSchema(schema as any)
      .safeParse(JSON.parse(text));
    assert.equal(success, !expected.includes(SCHEMA));
  },
);

Deno.test("parseRoles() takes names that objects have of themselves", () => {
  const { mapping } = parseRoles('{"__proto__": ["a"], "constructor": ["b"]}');
  assert.deepEqual([...mapping.keys()], ["__proto__", "constructor"]);
});
