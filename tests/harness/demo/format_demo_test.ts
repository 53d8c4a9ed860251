import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatAnswer } from "../../../harness/demo/format_demo.ts";

Deno.test("formatAnswer() aligns the API's answers, and breaks a long challenge before column 80", () => {
  const allowed = { status: 200, reason: "It has", challenge: undefined };
  const lines = [
    { ...allowed, user: "Alice Åström", request: "GET /posts" },
    {
      user: undefined,
      request: "DELETE /posts",
      status: 403,
      reason: "Missing permission: delete:all",
      challenge: 'Bearer error="insufficient_scope", scope="delete:all"',
    },
  ].flatMap(formatAnswer).map(stripVTControlCharacters);
  assert.deepEqual(lines, [
    "        Alice Åström  GET /posts     200  It has",
    "        no token      DELETE /posts  403  Missing permission: delete:all",
    '                      WWW-Authenticate: Bearer error="insufficient_scope",',
    '                      scope="delete:all"',
  ]);
});
