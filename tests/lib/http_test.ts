import assert from "node:assert/strict";
import { escapePath } from "../../lib/http.ts";

Deno.test("escapePath() leaves an ordinary path as it is", () => {
  for (const path of ["/", "/a/b.php", "/a%20b", "/%", "/~x;y=1:@&+$,"]) {
    assert.equal(escapePath(path), path);
  }
});

Deno.test("escapePath() leaves printable ASCII only", () => {
  const escaped: Record<string, string> = {
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
