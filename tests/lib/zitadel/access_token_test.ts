import assert from "node:assert/strict";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { FunctionError } from "../../../lib/errors.ts";
import { hasKind } from "./_fault.ts";
import { settled } from "./_rejection.ts";
import { keyFile, numbered, source } from "./_access_token.ts";
import { tokenAnswer } from "../_token_endpoint.ts";

const LIFETIME_MS = 43_199_000;
const RENEW_BEFORE_MS = 300_000;
const UNUSABLE_BEFORE_MS = 10_000;
const PAUSE_MS = 5_000;

Deno.test("createAccessTokenSource() returns a personal access token as it is", async () => {
  const { token, requests } = source(numbered, {
    credential: { kind: "personal_access_token", token: "pat" },
  });
  assert.equal(await token.get(), "pat");
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

Deno.test("createAccessTokenSource() takes five minutes for the life of a token without a lifetime", async () => {
  const { token, requests, clock } = source(() =>
    Response.json({ access_token: "token", token_type: "Bearer" })
  );
  await token.get();
  clock.now += 300_000 - UNUSABLE_BEFORE_MS - 1;
  await token.get();
  await settled();
  assert.equal(requests.length, 2);
});

Deno.test("createAccessTokenSource() uses the old token while renewing fails, and logs it", async () => {
  const { token, requests, clock, log } = source((index) =>
    index === 1 ? new Response("down", { status: 503 }) : numbered(index)
  );
  await token.get();
  clock.now += LIFETIME_MS - RENEW_BEFORE_MS;
  for (let call = 0; call < 3; call++) {
    assert.equal(await token.get(), "token-0");
  }
  await settled();
  assert.equal(log.length, 1);
  assert.equal(log[0]?.level, "error");
  assert.match(
    log[0]!.message,
    /^Cannot get .+: .+; the previous token is used until it ends$/,
  );
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

Deno.test("createAccessTokenSource() asks again when a request failed", async () => {
  const { token } = source((index) =>
    index === 0 ? new Response(null, { status: 500 }) : numbered(index)
  );
  await assert.rejects(token.get());
  assert.equal(await token.get(), "token-1");
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

const REFUSALS: Record<string, [reason: string, () => Response]> = {
  "the rate is limited": [
    "rate_limited",
    () => new Response("slow down", { status: 429 }),
  ],
  "the credential is refused": [
    "credential_rejected",
    () => Response.json({ error: "invalid_client" }, { status: 400 }),
  ],
};

Deno.test("createAccessTokenSource() pauses", async (t) => {
  for (const [name, [reason, refuse]] of Object.entries(REFUSALS)) {
    await t.step(`when ${name}`, async () => {
      let isRefused = true;
      const { token, requests, clock } = source((index) =>
        isRefused ? refuse() : numbered(index)
      );
      for (let login = 0; login < 5; login++) {
        await assert.rejects(
          token.get(),
          (error: FunctionError) => error.details.reason === reason,
        );
      }
      assert.equal(requests.length, 1);
      isRefused = false;
      clock.now += PAUSE_MS - 1;
      await assert.rejects(token.get());
      clock.now += 1;
      assert.equal(await token.get(), "token-1");
    });
  }
  await t.step("when a renewed token is refused, too", async () => {
    const { token, requests, clock } = source(numbered);
    assert.equal(token.discard(await token.get()), true);
    assert.equal(token.discard(await token.get()), false);
    for (let login = 0; login < 5; login++) {
      await assert.rejects(token.get(), hasKind("credential_rejected"));
    }
    assert.equal(requests.length, 2);
    clock.now += PAUSE_MS;
    assert.equal(await token.get(), "token-2");
  });
  await t.step("when a personal access token is refused", async () => {
    const { token, clock } = source(numbered, {
      credential: { kind: "personal_access_token", token: "pat" },
    });
    assert.equal(token.discard(await token.get()), false);
    await assert.rejects(token.get(), hasKind("credential_rejected"));
    clock.now += PAUSE_MS;
    assert.equal(await token.get(), "pat");
  });
  await t.step("not while the previous token is valid", async () => {
    const [, limited] = REFUSALS["the rate is limited"]!;
    const { token, requests, clock } = source((index) =>
      index === 0 ? numbered(index) : limited()
    );
    await token.get();
    clock.now += LIFETIME_MS - RENEW_BEFORE_MS;
    for (let login = 0; login < 5; login++) {
      assert.equal(await token.get(), "token-0");
      await settled();
    }
    assert.equal(requests.length, 2);
  });
  await t.step(
    "not when tokens are refused long after each other",
    async () => {
      const { token, clock } = source(numbered);
      assert.equal(token.discard(await token.get()), true);
      clock.now += PAUSE_MS;
      assert.equal(token.discard(await token.get()), true);
    },
  );
});
