import assert from "node:assert/strict";
import { errors, exportJWK, generateKeyPair, type JWK } from "jose";
import { UPSTREAM_ORIGIN } from "../../../harness/sandbox/upstream.ts";
import type { FailureReason } from "../../../lib/errors.ts";
import { createSigningKeys } from "../../../lib/zitadel/signing_keys.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
import { silentFetch } from "../_silent_fetch.ts";
import { Clock } from "../request/_envelope.ts";
import { connectionBy } from "./_connection.ts";
import { rejection, settled } from "./_rejection.ts";

const MAX_AGE_MS = 10 * 60 * 1000;
const COOLDOWN_MS = 5 * 1000;

const { publicKey } = await generateKeyPair("ES256");
const published = await exportJWK(publicKey);
const jwk = (kid: string): JWK => ({ ...published, kid, alg: "ES256" });
const jws = { payload: "", signature: "" };

/** Publishes keys. */
const publish = (...kids: string[]): typeof fetch => () =>
  Promise.resolve(Response.json({ keys: kids.map(jwk) }));

/** A source of keys, whose endpoint answers as a test says. */
function source(
  options: { internalOrigin?: string; timeoutMs?: number } = {},
) {
  const state = { fetches: [] as string[], respond: publish("1") };
  const signingKeys = createSigningKeys(connectionBy((input, init) => {
    state.fetches.push(String(input));
    return state.respond(input, init);
  }, options));
  const find = (kid: string, signal = new AbortController().signal) =>
    signingKeys(signal)({ alg: "ES256", kid }, jws);
  return { find, state };
}

testEach<string | undefined>(
  "createSigningKeys() fetches the keys once, from the address in use",
  {
    [UPSTREAM_ORIGIN]: undefined,
    "http://zitadel:8080": "http://zitadel:8080",
  },
  async (internalOrigin, origin) => {
    const { find, state } = source(internalOrigin ? { internalOrigin } : {});
    const keys = await Promise.all(Array.from({ length: 10 }, () => find("1")));
    assert.equal(new Set(keys).size, 1);
    assert.deepEqual(state.fetches, [`${origin}/oauth/v2/keys`]);
  },
);

Deno.test("createSigningKeys() takes the fetched keys in place of old ones", async () => {
  using clock = new Clock();
  const { find, state } = source();
  await find("1");
  state.respond = publish("2");
  clock.now += MAX_AGE_MS - 1;
  await find("1");
  assert.equal(state.fetches.length, 1);
  clock.now += 1;
  await assert.rejects(find("1"), errors.JWKSNoMatchingKey);
  await find("2");
  assert.equal(state.fetches.length, 2);
});

Deno.test("createSigningKeys() fetches the keys for an unknown one, with a pause", async () => {
  using clock = new Clock();
  const { find, state } = source();
  await find("1");
  clock.now += COOLDOWN_MS - 1;
  await assert.rejects(find("2"), errors.JWKSNoMatchingKey);
  assert.equal(state.fetches.length, 1);
  clock.now += 1;
  await assert.rejects(find("2"), errors.JWKSNoMatchingKey);
  assert.equal(state.fetches.length, 2);
  state.respond = publish("1", "2");
  clock.now += COOLDOWN_MS;
  await Promise.all([find("2"), find("2"), find("1")]);
  assert.equal(state.fetches.length, 3);
});

const answer = (body: string, type = "application/json") => () =>
  Promise.resolve(new Response(body, { headers: { "content-type": type } }));

testEach<[FailureReason, typeof fetch]>(
  "createSigningKeys() reports why keys cannot be fetched, and asks again",
  {
    "down": ["unreachable", () => Promise.reject(new TypeError("canary"))],
    "a page": ["intercepted", answer("<p>canary", "text/html")],
    "no set of keys": ["unreadable_answer", answer('{"a":"canary"}')],
    "keys that are none": ["unreadable_answer", answer('{"keys":["canary"]}')],
    "JSON that breaks off": ["unreadable_answer", answer('{"keys":[')],
    "silence": ["timeout", silentFetch()],
  },
  async ([reason, respond], name) => {
    using clock = new Clock();
    const code = name === "silence" ? "upstream_timeout" : "upstream_failed";
    const message =
      /^Cannot fetch the keys [^]*\(\/oauth\/v2\/keys\): (?!.*canary)/;
    const isTold = fails(code, reason, { message });
    const { find, state } = source({
      timeoutMs: reason === "timeout" ? 20 : 5_000,
    });
    state.respond = respond;
    await assert.rejects(find("1"), isTold);
    state.respond = publish("1");
    await find("1");
    state.respond = respond;
    clock.now += COOLDOWN_MS;
    await assert.rejects(find("2"), isTold);
  },
);

Deno.test("createSigningKeys() stops waiting at the caller's deadline", async () => {
  const { find, state } = source({ timeoutMs: 200 });
  state.respond = silentFetch();
  const deadline = new AbortController();
  const waiting = find("1", deadline.signal);
  await settled();
  deadline.abort();
  fails("upstream_timeout", "timeout")(await rejection(waiting));
});
