import assert from "node:assert/strict";
import { errors, exportJWK, generateKeyPair, type JWK } from "jose";
import { UPSTREAM_ORIGIN } from "../../../harness/sandbox/upstream.ts";
import { FunctionError } from "../../../lib/errors.ts";
import { createSigningKeys } from "../../../lib/zitadel/signing_keys.ts";
import { silentFetch } from "../_frames.ts";
import { Clock } from "../request/_envelope.ts";
import { connectionBy } from "./_connection.ts";
import { rejection, settled } from "./_rejection.ts";

const MAX_AGE_MS = 10 * 60 * 1000;
const COOLDOWN_MS = 5 * 1000;

const { publicKey } = await generateKeyPair("ES256");
const published = await exportJWK(publicKey);
const jwk = (kid: string): JWK => ({ ...published, kid, alg: "ES256" });
const jws = { payload: "", signature: "" };

/** A source of keys, whose endpoint publishes what a test says. */
function source({ internalOrigin, timeoutMs = 5_000 }: {
  internalOrigin?: string;
  timeoutMs?: number;
} = {}) {
  const state = {
    fetches: [] as string[],
    respond: (): Promise<Response> =>
      Promise.resolve(Response.json({ keys: [jwk("1")] })),
  };
  const signingKeys = createSigningKeys(connectionBy((input, init) => {
    state.fetches.push(String(input));
    return state.respond === hang
      ? silentFetch()(input, init)
      : state.respond();
  }, { internalOrigin, timeoutMs }));
  return {
    find: (kid: string, signal = new AbortController().signal) =>
      signingKeys(signal)({ alg: "ES256", kid }, jws),
    state,
  };
}

/** Stands for an endpoint that never answers. */
const hang = (): Promise<Response> => new Promise(() => {});

Deno.test("createSigningKeys() fetches the keys once", async () => {
  const { find, state } = source();
  const keys = await Promise.all(Array.from({ length: 10 }, () => find("1")));
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(state.fetches, [`${UPSTREAM_ORIGIN}/oauth/v2/keys`]);
});

Deno.test("createSigningKeys() fetches the keys from the internal address", async () => {
  const { find, state } = source({ internalOrigin: "http://zitadel:8080" });
  await find("1");
  assert.deepEqual(state.fetches, ["http://zitadel:8080/oauth/v2/keys"]);
});

Deno.test("createSigningKeys() takes the fetched keys in place of old ones", async () => {
  using clock = new Clock();
  const { find, state } = source();
  await find("1");
  state.respond = () => Promise.resolve(Response.json({ keys: [jwk("2")] }));
  clock.now += MAX_AGE_MS - 1;
  await find("1");
  assert.equal(state.fetches.length, 1);
  clock.now += 1;
  await assert.rejects(find("1"), errors.JWKSNoMatchingKey);
  await find("2");
  assert.equal(state.fetches.length, 2);
});

Deno.test("createSigningKeys() asks again after a failed fetch", async () => {
  const { find, state } = source();
  const { respond } = state;
  state.respond = () => Promise.reject(new TypeError("refused"));
  await assert.rejects(
    find("1"),
    (error: FunctionError) => error.details.reason === "unreachable",
  );
  state.respond = respond;
  await find("1");
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
  state.respond = () =>
    Promise.resolve(Response.json({ keys: [jwk("1"), jwk("2")] }));
  clock.now += COOLDOWN_MS;
  const found = await Promise.all([find("2"), find("2"), find("1")]);
  assert.equal(found.length, 3);
  assert.equal(state.fetches.length, 3);
});

Deno.test("createSigningKeys() reports why an unknown key cannot be fetched", async (t) => {
  const html = { "content-type": "text/html" };
  const cases: Record<string, [reason: string, () => Promise<Response>]> = {
    "down": ["unreachable", () => Promise.reject(new TypeError("canary"))],
    "a page": [
      "intercepted",
      () => Promise.resolve(new Response("<p>canary", { headers: html })),
    ],
    "no set of keys": [
      "unreadable_answer",
      () => Promise.resolve(Response.json({ a: "canary" })),
    ],
    "keys that are none": [
      "unreadable_answer",
      () => Promise.resolve(Response.json({ keys: ["canary"] })),
    ],
    "JSON that breaks off": [
      "unreadable_answer",
      () =>
        Promise.resolve(
          new Response('{"keys":[', {
            headers: { "content-type": "application/json" },
          }),
        ),
    ],
    "silence": ["timeout", hang],
  };
  for (const [name, [reason, respond]] of Object.entries(cases)) {
    await t.step(name, async () => {
      using clock = new Clock();
      const { find, state } = source({
        timeoutMs: respond === hang ? 100 : 5_000,
      });
      await find("1");
      state.respond = respond;
      clock.now += COOLDOWN_MS;
      await assert.rejects(find("2"), (error) => {
        assert.ok(error instanceof FunctionError, String(error));
        assert.equal(error.details.reason, reason);
        assert.ok(error.details.remedy);
        assert.match(
          error.message,
          /^Cannot fetch the keys .*\(\/oauth\/v2\/keys\): /,
        );
        assert.doesNotMatch(error.message, /canary/);
        return true;
      });
    });
  }
});

Deno.test("createSigningKeys() stops waiting at the caller's deadline", async () => {
  const { find, state } = source({ timeoutMs: 200 });
  state.respond = hang;
  const deadline = new AbortController();
  const waiting = find("1", deadline.signal);
  await settled();
  deadline.abort();
  const error = await rejection(waiting);
  assert.ok(error instanceof FunctionError, String(error));
  assert.equal(error.code, "upstream_timeout");
});
