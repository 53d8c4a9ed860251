import assert from "node:assert/strict";
import { whyUnlisted } from "../../../lib/claims/application.ts";

const listed = new Set(["shop@ours", "7"]);

function why(change: object, applications: ReadonlySet<string> | undefined) {
  return whyUnlisted({
    function: "function/preaccesstoken",
    application: { client_id: "7" },
    user: { resource_owner: "1", machine: null },
    ...change,
  }, applications);
}

Deno.test("whyUnlisted() compares the client id with APPLICATIONS", () => {
  assert.equal(why({}, undefined), undefined);
  assert.equal(why({}, listed), undefined);
  assert.equal(
    why({ application: { client_id: "shop@ours" } }, listed),
    undefined,
  );
  for (const client_id of ["8", "SHOP@ours", "__proto__"]) {
    assert.equal(why({ application: { client_id } }, listed), "unlisted");
  }
});

Deno.test("whyUnlisted() lets service users and SAML pass", () => {
  const application = { client_id: "8" };
  const machine = { name: "ci" };
  assert.equal(
    why({ application, user: { machine } }, listed),
    undefined,
  );
  assert.equal(
    why({ application: undefined, user: { machine } }, listed),
    undefined,
  );
  assert.equal(
    why({ function: "function/presamlresponse", application: null }, listed),
    undefined,
  );
});

Deno.test("whyUnlisted() reports a call that names no application", () => {
  const unnamed = [undefined, null, {}, { client_id: null }, { client_id: "" }];
  for (const application of unnamed) {
    assert.equal(why({ application }, listed), "unnamed");
    assert.equal(why({ application }, undefined), undefined);
  }
});
