import assert from "node:assert/strict";
import type { FailureReason } from "../../../lib/errors.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
import { tokenAnswer } from "../_token_endpoint.ts";
import { numbered, source } from "./_access_token.ts";
import { hasKind } from "./_fault.ts";
import { settled } from "./_rejection.ts";

const LIFETIME_MS = 43_199_000;
const RENEW_AFTER_MS = LIFETIME_MS - 300_000;
const UNUSABLE_BEFORE_MS = 10_000;
const PAUSE_MS = 5_000;

const PERSONAL = { kind: "personal_access_token", token: "pat" } as const;

const down = () => new Response("down", { status: 503 });
const limit = () => new Response("slow down", { status: 429 });
const refuse = () =>
  Response.json({ error: "invalid_client" }, { status: 400 });

/** Answers the request of one index otherwise. */
const except = (index: number, respond: () => Response) => (asked: number) =>
  asked === index ? respond() : numbered(asked);

Deno.test("createAccessTokenSource() asks once when many need a token", async () => {
  const { token, requests } = source(numbered);
  const tokens = await Promise.all(Array.from({ length: 10 }, token.get));
  assert.deepEqual(new Set(tokens), new Set(["token-0"]));
  assert.equal(requests.length, 1);
});

testEach<[renewAfterMs: number, answer: (index: number) => Response]>(
  "createAccessTokenSource() keeps a token until shortly before its end, then renews it in the background",
  {
    "of half a day": [RENEW_AFTER_MS, numbered],
    "of a short life, at half of it": [
      30_000,
      (index) => tokenAnswer(`token-${index}`, 60),
    ],
    "of no stated life, of which it takes five minutes for granted": [
      150_000,
      (index) =>
        Response.json({ access_token: `token-${index}`, token_type: "Bearer" }),
    ],
  },
  async ([renewAfterMs, answer]) => {
    const { token, requests, clock } = source(answer);
    for (const index of [0, 1]) {
      assert.equal(await token.get(), `token-${index}`);
      clock.now += renewAfterMs - 1;
      assert.equal(await token.get(), `token-${index}`);
      await settled();
      assert.equal(requests.length, index + 1);
      clock.now += 1;
      for (let i = 0; i < 3; i++) {
        assert.equal(await token.get(), `token-${index}`);
      }
      await settled();
      assert.equal(requests.length, index + 2);
    }
  },
);

Deno.test("createAccessTokenSource() uses the old token while renewing fails, and logs it", async () => {
  const { token, requests, clock, log } = source(except(1, down));
  await token.get();
  clock.now += RENEW_AFTER_MS;
  for (let call = 0; call < 3; call++) {
    assert.equal(await token.get(), "token-0");
  }
  await settled();
  assert.deepEqual(log.map(({ level, reason }) => [level, reason]), [
    ["error", "unreachable"],
  ]);
  assert.match(
    log[0]!.message,
    /^Cannot get .+: .+; the previous token is used until it ends$/,
  );
  assert.equal(await token.get(), "token-0");
  await settled();
  assert.equal(await token.get(), "token-2");
  assert.equal(requests.length, 3);
});

Deno.test("createAccessTokenSource() waits for a new token when the old one is about to end, and asks again after a failure", async () => {
  const { token, clock } = source(except(1, down));
  await token.get();
  clock.now += LIFETIME_MS - UNUSABLE_BEFORE_MS;
  await assert.rejects(token.get(), fails("upstream_failed", "unreachable"));
  assert.equal(await token.get(), "token-2");
});

Deno.test("createAccessTokenSource() returns another token when one was refused", async () => {
  const { token, requests } = source(numbered);
  const refused = await token.get();
  assert.equal(token.discard(refused), true);
  assert.equal(await token.get(), "token-1");
  // Another reading discards late the token that is gone already.
  assert.equal(token.discard(refused), true);
  assert.equal(await token.get(), "token-1");
  assert.equal(requests.length, 2);
});

Deno.test("createAccessTokenSource() stops waiting at the caller's deadline", async () => {
  let answer = (_: Response) => {};
  const { token, requests } = source(() =>
    new Promise<Response>((resolve) => answer = resolve)
  );
  const deadline = new AbortController();
  const early = token.get(deadline.signal);
  const late = token.get();
  deadline.abort(new Error("late"));
  await assert.rejects(early, /late/);
  while (requests.length === 0) await settled();
  answer(tokenAnswer("token-0"));
  assert.equal(await late, "token-0");
  assert.equal(requests.length, 1);
});

testEach("createAccessTokenSource() pauses after a refusal", {
  rate_limited: limit,
  credential_rejected: refuse,
}, async (respond, reason) => {
  const { token, requests, clock } = source(except(0, respond));
  for (let login = 0; login < 5; login++) {
    await assert.rejects(
      token.get(),
      fails("upstream_failed", reason as FailureReason),
    );
  }
  clock.now += PAUSE_MS - 1;
  await assert.rejects(token.get());
  assert.equal(requests.length, 1);
  clock.now += 1;
  assert.equal(await token.get(), "token-1");
});

Deno.test("createAccessTokenSource() pauses when tokens are refused soon after each other", async () => {
  const { token, requests, clock } = source(numbered);
  assert.equal(token.discard(await token.get()), true);
  assert.equal(token.discard(await token.get()), false);
  for (let login = 0; login < 5; login++) {
    await assert.rejects(token.get(), hasKind("credential_rejected"));
  }
  assert.equal(requests.length, 2);
  clock.now += PAUSE_MS;
  assert.equal(token.discard(await token.get()), true);
  clock.now += PAUSE_MS;
  assert.equal(token.discard(await token.get()), true);
});

Deno.test("createAccessTokenSource() pauses when a personal access token is refused", async () => {
  const { token, clock } = source(numbered, { credential: PERSONAL });
  assert.equal(token.discard(await token.get()), false);
  await assert.rejects(token.get(), hasKind("credential_rejected"));
  clock.now += PAUSE_MS;
  assert.equal(await token.get(), "pat");
});

Deno.test("createAccessTokenSource() serves the previous token while it pauses", async () => {
  const { token, requests, clock } = source((index) =>
    index === 0 ? numbered(index) : limit()
  );
  await token.get();
  clock.now += RENEW_AFTER_MS;
  for (let login = 0; login < 5; login++) {
    assert.equal(await token.get(), "token-0");
    await settled();
  }
  assert.equal(requests.length, 2);
});
