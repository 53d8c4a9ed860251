import assert from "node:assert/strict";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { FunctionError } from "../../../lib/errors.ts";
import { RENEW_BEFORE_MS } from "../../../lib/zitadel/access_token.ts";
import { keyFile, numbered, source } from "./_access_token.ts";
import { tokenAnswer } from "../_token_endpoint.ts";

const LIFETIME_MS = 43_199_000;
const UNUSABLE_BEFORE_MS = 10_000;

/** Lets what goes on in the background come to its end: some turns of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("createAccessTokenSource() gives a personal access token as it is", async () => {
  const { token, requests } = source(numbered, {
    credential: { kind: "personal_access_token", token: "pat" },
  });
  assert.equal(await token.get(), "pat");
  assert.equal(token.discard("pat"), false);
  assert.equal(await token.get(), "pat");
  assert.deepEqual(requests, []);
});

Deno.test("createAccessTokenSource() signs an assertion of its own for each request", async () => {
  const { token, requests, clock } = source(numbered, {
    credential: keyFile(),
  });
  await token.get();
  clock.now += LIFETIME_MS;
  await token.get();
  const [first, second] = requests.map(({ form }) =>
    decodeJwt(form.assertion!)
  );
  assert.equal(second!.iat! - first!.iat!, LIFETIME_MS / 1000);
  assert.equal(decodeProtectedHeader(requests[1]!.form.assertion!).kid, "7");
});

Deno.test("createAccessTokenSource() asks once when many need a token", async () => {
  const { token, requests } = source(numbered);
  const tokens = await Promise.all(Array.from({ length: 10 }, token.get));
  assert.deepEqual(new Set(tokens), new Set(["token-0"]));
  assert.equal(requests.length, 1);
});

Deno.test("createAccessTokenSource() keeps a token until shortly before its end, then renews it in the background", async () => {
  const { token, requests, clock } = source(numbered);
  await token.get();
  clock.now += LIFETIME_MS - RENEW_BEFORE_MS - 1;
  assert.equal(await token.get(), "token-0");
  await settled();
  assert.equal(requests.length, 1);
  clock.now += 1;
  for (let i = 0; i < 3; i++) assert.equal(await token.get(), "token-0");
  await settled();
  assert.equal(requests.length, 2);
  assert.equal(await token.get(), "token-1");
  clock.now += LIFETIME_MS - RENEW_BEFORE_MS - 1;
  assert.equal(await token.get(), "token-1");
  assert.equal(requests.length, 2);
});

Deno.test("createAccessTokenSource() renews a token of a short life at half of it", async () => {
  const { token, requests, clock } = source((index) =>
    tokenAnswer(`token-${index}`, 60)
  );
  await token.get();
  clock.now += 29_999;
  await token.get();
  await settled();
  assert.equal(requests.length, 1);
  clock.now += 1;
  assert.equal(await token.get(), "token-0");
  await settled();
  assert.equal(requests.length, 2);
});

Deno.test("createAccessTokenSource() takes five minutes for the life of a token that does not say it", async () => {
  const { token, requests, clock } = source(() =>
    Response.json({ access_token: "token", token_type: "Bearer" })
  );
  await token.get();
  clock.now += 300_000 - UNUSABLE_BEFORE_MS - 1;
  await token.get();
  await settled();
  assert.equal(requests.length, 2);
});

Deno.test("createAccessTokenSource() serves the old token while renewing fails, and says so", async () => {
  const { token, requests, clock, log } = source((index) =>
    index === 1 ? new Response("down", { status: 503 }) : numbered(index)
  );
  await token.get();
  clock.now += LIFETIME_MS - RENEW_BEFORE_MS;
  assert.equal(await token.get(), "token-0");
  await settled();
  assert.equal(log.length, 1);
  assert.equal(log[0]?.level, "error");
  assert.match(log[0]!.message, /token from before serves until it ends$/);
  assert.equal(log[0]?.reason, "unreachable");
  assert.ok(log[0]?.remedy);
  assert.equal(await token.get(), "token-0");
  await settled();
  assert.equal(await token.get(), "token-2");
  assert.equal(requests.length, 3);
});

Deno.test("createAccessTokenSource() waits for a new token when the old one is about to end", async () => {
  const { token, clock } = source((index) =>
    index === 1 ? new Response("down", { status: 503 }) : numbered(index)
  );
  await token.get();
  clock.now += LIFETIME_MS - UNUSABLE_BEFORE_MS;
  await assert.rejects(token.get(), FunctionError);
  assert.equal(await token.get(), "token-2");
});

Deno.test("createAccessTokenSource() gives another token when one was refused", async () => {
  const { token, requests } = source(numbered);
  const refused = await token.get();
  assert.equal(token.discard(refused), true);
  assert.equal(await token.get(), "token-1");
  // Another reading tells late of the token that is gone already.
  assert.equal(token.discard(refused), true);
  assert.equal(await token.get(), "token-1");
  assert.equal(requests.length, 2);
});

Deno.test("createAccessTokenSource() asks again when a request failed", async () => {
  const { token } = source((index) =>
    index === 0 ? new Response(null, { status: 500 }) : numbered(index)
  );
  await assert.rejects(token.get());
  assert.equal(await token.get(), "token-1");
});
