import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import type { DemoAnswer } from "../../../harness/demo/demo_event.ts";
import { formatEvent } from "../../../harness/demo/format_event.ts";

function linesOf(answer: DemoAnswer): string[] {
  return formatEvent({ kind: "answer", answer }).map(stripVTControlCharacters);
}

Deno.test("formatEvent() aligns the API's answers and gives each its reason", () => {
  const lines = [
    ...linesOf({
      user: "Alice Åström",
      request: "GET /posts",
      status: 200,
      reason: "posts:read is in the token",
      challenge: undefined,
    }),
    ...linesOf({
      user: undefined,
      request: "DELETE /posts",
      status: 401,
      reason: "No bearer token",
      challenge: 'Bearer realm="api"',
    }),
  ];
  assert.deepEqual(lines, [
    "        Alice Åström  GET /posts     200  posts:read is in the token",
    "        no token      DELETE /posts  401  No bearer token",
    '                      WWW-Authenticate: Bearer realm="api"',
  ]);
});

Deno.test("formatEvent() breaks a long challenge before column 80", () => {
  const lines = linesOf({
    user: "ci-runner",
    request: "DELETE /posts",
    status: 403,
    reason: "Missing permission: delete:all",
    challenge: 'Bearer error="insufficient_scope", scope="delete:all"',
  });
  assert.deepEqual(lines.slice(1), [
    '                      WWW-Authenticate: Bearer error="insufficient_scope",',
    '                      scope="delete:all"',
  ]);
});
