import assert from "node:assert/strict";
import {
  intendedPermissions,
  problemOf,
} from "../../../harness/mapping/interpret_value.ts";
import { MAX_VALUE_PERMISSIONS } from "../../../lib/mapping/permission_value.ts";
import { ENCODED, READABLE, UNREADABLE } from "../../lib/mapping/_values.ts";

const encoder = new TextEncoder();
const problem = (text: string) => problemOf(encoder.encode(text));
const intended = (text: string) => intendedPermissions(encoder.encode(text));

Deno.test("problemOf() finds nothing wrong with a value that the function reads", () => {
  for (const [name, [text]] of Object.entries(READABLE)) {
    assert.equal(problem(text), undefined, name);
    assert.equal(intended(text), undefined, name);
  }
});

Deno.test("problemOf() says what is wrong when no form fits, and does not quote the value", async (t) => {
  for (const [name, [text, expected]] of Object.entries(UNREADABLE)) {
    await t.step(name, () => assert.match(String(problem(text)), expected));
  }
  for (const text of ['["canary",1]', "canary canary", '{"canary":1}']) {
    assert.doesNotMatch(String(problem(text)), /canary/);
  }
  assert.match(String(problemOf(undefined)), /longer than 100000 bytes/);
  const blanks = "a" + ",".repeat(MAX_VALUE_PERMISSIONS);
  assert.match(String(problem(blanks)), /has more than \d+ permissions/);
});

Deno.test("intendedPermissions() returns what a value that is encoded once too often should grant", async (t) => {
  for (const [name, [text, cause, expected]] of Object.entries(ENCODED)) {
    await t.step(name, () => {
      assert.equal(
        problem(text),
        `The value is encoded once too often: ${cause}`,
      );
      assert.deepEqual(intended(text), expected);
    });
  }
});

Deno.test("problemOf() says so if a value is encoded more than once too often", () => {
  const encoded = btoa(btoa(btoa('["a"]')));
  for (const text of [encoded, JSON.stringify(encoded)]) {
    assert.equal(
      problem(text),
      "The value is encoded more than once too often",
    );
    assert.equal(intended(text), undefined);
  }
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
