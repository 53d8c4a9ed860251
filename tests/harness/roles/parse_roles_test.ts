import assert from "node:assert/strict";
import { z } from "zod";
import schema from "../../../roles.schema.json" with { type: "json" };
import { parseRoles } from "../../../harness/roles/parse_roles.ts";

/** Files, and what is reported about them; `schema`: the JSON Schema refuses them too. */
const PROBLEMS: [string, string[], "schema"?][] = [
  ['{"$schema": "./roles.schema.json", "admin": ["a"]}', []],
  ['{"admin": [], "42": {"admin": ["é"]}}', []],
  [
    '{"Storefront": {"editor": ["a", 1]}}',
    ["error Storefront.editor[1]: is not a string"],
    "schema",
  ],
  ['{"a": {"b": "c"}}', ["error a.b: is not an array of strings"], "schema"],
  ['{"a": [""]}', ["error a[0]: is empty"], "schema"],
  ['{"a": ["b\\u0007"]}', ["error a[0]: has a control character"], "schema"],
  ['{"": []}', ['error "": is an empty role name'], "schema"],
  ['{"a": [], "a": []}', ["error a: occurs twice"]],
  ['{"4": {"a": [], "a": []}}', ["error 4.a: occurs twice"]],
  [
    '{"4": {"a": []}, "4:a": []}',
    [
      'warning 4:a: is the role "a" of the project 4; write it as {"4":{"a":["..."]}}',
      'error 4:a: is the metadata key "4:a" once more',
    ],
  ],
  [
    '{"shop:admin": ["a"]}',
    [
      'warning shop:admin: looks qualified: for a project with the id "shop" it is the role "admin"',
    ],
  ],
  ['{"a": ["b", "b"]}', ['warning a[1]: repeats "b"']],
  [
    '{" admin ": ["a"]}',
    ['warning " admin ": has white space at an end of its name'],
  ],
  [
    '{"a": ["b, c"]}',
    [
      'warning a[0]: "b, c" has white space or a comma: is it several permissions? The shape "string" leaves out names with white space',
    ],
  ],
  [
    '{"77:ops": {"a": []}}',
    [
      "error 77:ops: is no project id that can have entries of its own: it is empty or has a colon",
    ],
  ],
  [
    JSON.stringify({ ["x".repeat(201)]: [] }),
    [
      `error ${"x".repeat(201)}: takes 201 characters as a metadata key ("${
        "x".repeat(20)
      }..."), and ZITADEL accepts 200 at most`,
    ],
    "schema",
  ],
  [
    JSON.stringify({ a: ["x".repeat(100_000)] }),
    ["error a: takes 100,004 bytes, and the function reads 100,000 at most"],
  ],
  [
    '{"a": [\n  "b",\n]}',
    [
      'error : the file is not JSON (ValueExpected at line 3, column 1); expected an object such as {"admin": ["read:all"]}',
    ],
  ],
];

Deno.test("parseRoles() names every problem with its path", async (t) => {
  for (const [text, expected] of PROBLEMS) {
    await t.step(text.slice(0, 60), () => {
      assert.deepEqual(
        parseRoles(text).problems.map(({ severity, path, text }) =>
          `${severity} ${path}: ${text}`
        ),
        expected,
      );
    });
  }
});

Deno.test("roles.schema.json refuses what a schema can, and accepts what can be written", async (t) => {
  // deno-lint-ignore no-explicit-any -- the type of a JSON Schema
  const fromSchema = z.fromJSONSchema(schema as any);
  for (const [text, expected, refused] of PROBLEMS) {
    if (expected.some((it) => it.includes("not JSON"))) continue;
    await t.step(text.slice(0, 60), () => {
      const { success } = fromSchema.safeParse(JSON.parse(text));
      assert.equal(success, refused !== "schema");
    });
  }
});

Deno.test("parseRoles() takes names that objects have of themselves", () => {
  const { mapping } = parseRoles('{"__proto__": ["a"], "constructor": ["b"]}');
  assert.deepEqual([...mapping.keys()], ["__proto__", "constructor"]);
});
