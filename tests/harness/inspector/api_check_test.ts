import assert from "node:assert/strict";
import { apiCheck, placeOf } from "../../../harness/inspector/api_check.ts";

const CLAIMS = {
  list: ["posts:read"],
  string: "posts:read other",
  by_project: { "7": ["posts:read"] },
  by_organization: { "1": { "7": ["posts:read"] } },
};

const CASES = Object.entries(CLAIMS).flatMap(([shape, value]) =>
  [false, true].map((isOpaque) => [shape, isOpaque, value] as const)
);

Deno.test("apiCheck() fills in the example for each shape", async (t) => {
  for (const [shape, isOpaque, value] of CASES) {
    await t.step(isOpaque ? `${shape}, by introspection` : shape, async () => {
      const code = await apiCheck({
        issuer: "http://127.0.0.1:1",
        audience: "7",
        clientId: "8",
        claim: "rights",
        place: placeOf(shape, { project: "7", organization: "1" }),
        isOpaque,
      });
      assert.doesNotMatch(code, /env\(|process\.env|express\(/);
      const check = await checkOf(code);
      assert.equal(check({ rights: value }, "posts:read"), true);
      assert.equal(check({ rights: value }, "posts"), false);
      assert.equal(check({ permissions: value }, "posts:read"), false);
      assert.equal(check({}, "posts:read"), false);
    });
  }
});

Deno.test("apiCheck() writes texts as string literals", async () => {
  const code = await apiCheck({
    issuer: 'http://a/";alert(1)//',
    audience: "",
    clientId: "",
    claim: 'c"',
    place: {},
    isOpaque: false,
  });
  assert.match(code, /const issuers = \["http:\/\/a\/\\";alert\(1\)\/\/"\];/);
  assert.match(code, /const audience = "<your project's id>";/);
  assert.match(code, /const applications = \["<your application's client id>"/);
});

/** Runs the copied code, and takes its check out. */
async function checkOf(
  code: string,
): Promise<(claims: unknown, permission: string) => boolean> {
  // The check by introspection knows its place by itself.
  const names = code.includes("const place") ? ", place" : "";
  const module = `${code}\nexport { hasPermission${names} };`;
  const { hasPermission, place } = await import(
    `data:text/javascript,${encodeURIComponent(module)}`
  );
  return (claims, permission) => hasPermission(claims, permission, place);
}
