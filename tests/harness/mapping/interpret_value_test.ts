import assert from "node:assert/strict";
import {
  intendedPermissions,
  isPermissionList,
  problemOf,
} from "../../../harness/mapping/interpret_value.ts";
import { MAX_VALUE_PERMISSIONS } from "../../../lib/mapping/permission_value.ts";
import { testEach } from "../../_test_each.ts";
import { ENCODED, READABLE, UNREADABLE } from "../../lib/mapping/_values.ts";

const encoder = new TextEncoder();
const problem = (text: string) => problemOf(encoder.encode(text));
const intended = (text: string) => intendedPermissions(encoder.encode(text));

testEach(
  "problemOf() finds nothing wrong with a value that the function reads, and isPermissionList() tells lists from text",
  READABLE,
  ([text], name) => {
    assert.equal(problem(text), undefined);
    assert.equal(intended(text), undefined);
    const isList = /^(an? .*JSON array|base64 of|.*before an array)/.test(name);
    assert.equal(isPermissionList(encoder.encode(text)), isList);
  },
);

testEach(
  "problemOf() says what is wrong when no form fits",
  UNREADABLE,
  ([text, expected]) => {
    assert.match(String(problem(text)), expected);
    assert.ok(!isPermissionList(encoder.encode(text)));
  },
);

Deno.test("problemOf() knows the bounds, and does not quote the value", () => {
  for (const text of ['["canary",1]', "canary canary", '{"canary":1}']) {
    assert.doesNotMatch(String(problem(text)), /canary/);
  }
  assert.match(String(problemOf(undefined)), /longer than 100000 bytes/);
  assert.equal(problem("x".repeat(100_000)), undefined);
  const names = Array(MAX_VALUE_PERMISSIONS).fill("a");
  for (const form of [String, JSON.stringify]) {
    assert.equal(problem(form(names)), undefined);
    const more = form([...names, "a"]);
    assert.match(String(problem(more)), /has more than 5000 permissions/);
  }
});

Deno.test("intendedPermissions() proposes no name that is still encoded", () => {
  for (const text of ["WldScGRB", "VnpFdw=="]) {
    assert.match(String(problem(text)), /once too often/);
    assert.equal(intended(text), undefined);
  }
});

testEach(
  "intendedPermissions() returns what a value that is encoded once too often should grant",
  ENCODED,
  ([text, cause, expected]) => {
    const [, how] = problem(text)!.split(
      "The value is encoded once too often: ",
    );
    assert.ok(how && cause.endsWith(how), `${cause}: ${how}`);
    assert.deepEqual(intended(text), expected);
  },
);

Deno.test("intendedPermissions() does not go on for ever", () => {
  const often = (text: string, times: number): string =>
    times === 0 ? text : often(btoa(text), times - 1);
  assert.deepEqual(intended(often('["a"]', 3)), ["a"]);
  assert.equal(intended(often('["a"]', 4)), undefined);
});

Deno.test("problemOf() tells Latin-1 text from other bytes that are not UTF-8", () => {
  const latin1 = Uint8Array.from('["käufe"]', (char) => char.charCodeAt(0));
  assert.equal(
    problemOf(latin1),
    "The value is not UTF-8: it looks like Latin-1 text",
  );
  assert.deepEqual(intendedPermissions(latin1), ["käufe"]);
  const bytes = Uint8Array.of(0x61, 0x00, 0xff);
  assert.equal(problemOf(bytes), "The value is not UTF-8");
  assert.equal(intendedPermissions(bytes), undefined);
});
