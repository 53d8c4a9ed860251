import assert from "node:assert/strict";
import { diagnose } from "../../../harness/inspector/page/diagnose.js";
import type { Exchange } from "../../../harness/inspector/page/sandbox.js";

const claim = "permissions";

function exchange(part: Partial<Exchange>): Exchange {
  return {
    time: 0,
    condition: "function/preaccesstoken",
    target: { endpoint: "http://127.0.0.1/", name: "target" },
    request: { headers: {}, body: "{}", payload: {} },
    ms: 1,
    ...part,
  };
}

Deno.test("diagnose() finds nothing where there are permissions", () => {
  assert.equal(diagnose({ claims: { permissions: ["a"] }, claim }), undefined);
  assert.equal(
    diagnose({ claims: { rights: ["a"] }, claim: "rights" }),
    undefined,
  );
});

Deno.test("diagnose() tells the causes apart", async (t) => {
  const ok = { status: 200, body: "{}" };
  const cases: [string, Parameters<typeof diagnose>[0], RegExp][] = [
    ["an opaque token", { claims: undefined, claim }, /opaque.*to JWT/],
    ["no entry", { claims: { permissions: [] }, claim }, /grant nothing/],
    ["another's claim", { claims: { permissions: "a" }, claim }, /not a list/],
    [
      "nothing bound",
      { claims: {}, claim, exchanges: [] },
      /called no function.*not|No target is bound/,
    ],
    ["bound to preuserinfo alone", {
      claims: {},
      claim,
      exchanges: [exchange({ condition: "function/preuserinfo", reply: ok })],
    }, /called no function/],
    ["a failing function", {
      claims: {},
      claim,
      exchanges: [exchange({ reply: { status: 502, body: "" } })],
    }, /status 502.*Its log/],
    ["an unreachable function", {
      claims: {},
      claim,
      exchanges: [exchange({ error: "connection refused" })],
    }, /connection refused/],
    [
      "no roles",
      { claims: {}, claim, exchanges: [exchange({ reply: ok })] },
      /named no role.*Assert Roles/,
    ],
    [
      "an instance that cannot be looked into",
      { claims: {}, claim },
      /No target.*Assert Roles.*no role here.*failed/,
    ],
  ];
  for (const [name, findings, expected] of cases) {
    await t.step(name, () => {
      const { title, text, causes } = diagnose(findings)!;
      assert.match([title, text, ...causes].join(" "), expected);
    });
  }
});
