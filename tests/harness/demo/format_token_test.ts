import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatToken } from "../../../harness/demo/format_token.ts";

Deno.test("formatToken() names at each permission the roles it comes from", () => {
  const lines = formatToken(
    {
      permissions: ["a", "long:name"],
      iss: "http://localhost",
      aud: Array.from({ length: 5 }, () => "390000000000000011"),
    },
    [
      { permission: "a", roles: ["admin", "viewer"] },
      { permission: "long:name", roles: ["admin"] },
    ],
  ).map(stripVTControlCharacters);
  assert.deepEqual(lines, [
    "{",
    '  "iss": "http://localhost",',
    '  "aud": [',
    ...Array.from({ length: 4 }, () => '    "390000000000000011",'),
    '    "390000000000000011"',
    "  ],",
    '  "permissions": [',
    '    "a",         // admin, viewer',
    '    "long:name"  // admin',
    "  ]",
    "}",
  ]);
  const json = lines.map((line) => line.replace(/ +\/\/ .*$/, "")).join("\n");
  assert.deepEqual(JSON.parse(json).permissions, ["a", "long:name"]);
});
