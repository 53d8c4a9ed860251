import assert from "node:assert/strict";
import { FunctionError } from "../../lib/errors.ts";
import { escapePath, requireCall } from "../../lib/http.ts";

const ORIGIN = "https://function.example";
const HEADERS = { "zitadel-signature": "t=1,v1=00" };

Deno.test("requireCall() says that the path is wrong if the request looks like a call", () => {
  const refusal = (init: RequestInit) => {
    try {
      requireCall(new Request(ORIGIN, init), "/webhook");
    } catch (error) {
      assert(error instanceof FunctionError);
      return [error.code, error.details.reason];
    }
    return assert.fail("nothing was refused");
  };
  assert.deepEqual(refusal({ method: "POST", headers: HEADERS }), [
    "not_found",
    "wrong_path",
  ]);
  for (const init of [{ method: "POST" }, { headers: HEADERS }]) {
    assert.deepEqual(refusal(init), ["not_found", undefined]);
  }
});

Deno.test("escapePath() leaves printable ASCII as it is, and nothing else", () => {
  const ordinary = ["/", "/a/b.php", "/a%20b", "/%", "/~x;y=1:@&+$,"];
  const escaped: Record<string, string> = {
    ...Object.fromEntries(ordinary.map((path) => [path, path])),
    "/a\nb": "/a%0Ab",
    "/\x1b[31m": "/%1B%5B31m",
    "/ä": "/%C3%A4",
    "/\u202eb": "/%E2%80%AEb",
    "/\u2028": "/%E2%80%A8",
    '/"\\': "/%22%5C",
    "/\ud800": "/%EF%BF%BD",
  };
  for (const [path, expected] of Object.entries(escaped)) {
    assert.equal(escapePath(path), expected);
  }
});

Deno.test("escapePath() cuts a long path", () => {
  const whole = "/".padEnd(100, "a");
  assert.equal(escapePath(whole), whole);
  for (const path of [`${whole}a`, `${whole}😀`, "/ä".repeat(30)]) {
    const escaped = escapePath(path);
    assert.equal(escaped.length, 100);
    assert.match(escaped, /^[\x21-\x7e]+\.\.\.$/);
  }
});
