import assert from "node:assert/strict";
import { errors, exportJWK, generateKeyPair, type JWK } from "jose";
import { UPSTREAM_ORIGIN } from "../../../harness/sandbox/upstream.ts";
import { FunctionError } from "../../../lib/errors.ts";
import { createConnection } from "../../../lib/zitadel/connection.ts";
import {
  createSigningKeys,
  KEYS_MAX_AGE_MS,
  KEYS_PAUSE_MS,
} from "../../../lib/zitadel/signing_keys.ts";
import { silentFetch } from "../_frames.ts";
import { NOW } from "../_function.ts";

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
    now: NOW,
    fetches: [] as string[],
    accepts: [] as (string | null)[],
    respond: (): Promise<Response> =>
      Promise.resolve(Response.json({ keys: [jwk("1")] })),
  };
  const signingKeys = createSigningKeys(createConnection({
    domainOrigin: UPSTREAM_ORIGIN,
    internalOrigin,
    timeoutMs,
    now: () => state.now,
    fetch: (input, init) => {
      state.fetches.push(String(input));
      state.accepts.push(new Headers(init?.headers).get("accept"));
      return state.respond === hang
        ? silentFetch()(input, init)
        : state.respond();
    },
  }));
  return {
    find: (kid: string, signal?: AbortSignal) =>
      signingKeys({ alg: "ES256", kid }, jws, signal),
    state,
  };
}

/** Stands for an endpoint that never answers. */
const hang = (): Promise<Response> => new Promise(() => {});

/** Lets what runs in the background finish: some turns of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("createSigningKeys() fetches the keys once", async () => {
  const { find, state } = source();
  const keys = await Promise.all(Array.from({ length: 10 }, () => find("1")));
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(state.fetches, [`${UPSTREAM_ORIGIN}/oauth/v2/keys`]);
  assert.deepEqual(state.accepts, ["application/json"]);
});

Deno.test("createSigningKeys() fetches the keys from the internal address", async () => {
  const { find, state } = source({ internalOrigin: "http://zitadel:8080" });
  await find("1");
  assert.deepEqual(state.fetches, ["http://zitadel:8080/oauth/v2/keys"]);
});

Deno.test("createSigningKeys() verifies with a known key at once while old keys are fetched", async () => {
  const { find, state } = source();
  await find("1");
  state.respond = hang;
  state.now += KEYS_MAX_AGE_MS - 1;
  await find("1");
  assert.equal(state.fetches.length, 1);
  state.now += 1;
  // The endpoint never answers, and no call waits for it.
  for (let call = 0; call < 4; call++) await find("1");
  assert.equal(state.fetches.length, 2);
});

Deno.test("createSigningKeys() takes the fetched keys in place of the old ones", async () => {
  const { find, state } = source();
  await find("1");
  state.respond = () => Promise.resolve(Response.json({ keys: [jwk("2")] }));
  state.now += KEYS_MAX_AGE_MS;
  await find("1");
  await settled();
  await find("2");
  await assert.rejects(find("1"), errors.JWKSNoMatchingKey);
  assert.equal(state.fetches.length, 2);
});

Deno.test("createSigningKeys() pauses after a failed fetch", async (t) => {
  const down = () => Promise.reject(new TypeError("refused"));
  await t.step("in the background", async () => {
    const { find, state } = source();
    await find("1");
    state.respond = down;
    state.now += KEYS_MAX_AGE_MS;
    for (let call = 0; call < 4; call++) {
      await find("1");
      await settled();
    }
    assert.equal(state.fetches.length, 2);
    state.now += KEYS_PAUSE_MS;
    await find("1");
    assert.equal(state.fetches.length, 3);
  });
  await t.step("without any keys", async () => {
    const { find, state } = source();
    state.respond = down;
    for (let call = 0; call < 4; call++) {
      await assert.rejects(
        find("1"),
        (error: FunctionError) => error.details.reason === "unreachable",
      );
    }
    assert.equal(state.fetches.length, 1);
  });
});

Deno.test("createSigningKeys() fetches the keys for an unknown one, with a pause", async () => {
  const { find, state } = source();
  await find("1");
  state.now += KEYS_PAUSE_MS - 1;
  await assert.rejects(find("2"), errors.JWKSNoMatchingKey);
  assert.equal(state.fetches.length, 1);
  state.now += 1;
  await assert.rejects(find("2"), errors.JWKSNoMatchingKey);
  assert.equal(state.fetches.length, 2);
  state.respond = () =>
    Promise.resolve(Response.json({ keys: [jwk("1"), jwk("2")] }));
  state.now += KEYS_PAUSE_MS;
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
      const { find, state } = source({
        timeoutMs: respond === hang ? 100 : 5_000,
      });
      await find("1");
      state.respond = respond;
      state.now += KEYS_PAUSE_MS;
      await assert.rejects(find("2"), (error) => {
        assert.ok(error instanceof FunctionError, String(error));
        assert.equal(error.details.reason, reason);
        assert.ok(error.details.remedy);
        assert.match(
          error.message,
          /^Cannot fetch the keys .*\(\/oauth\/v2\/keys\): https/,
        );
        assert.doesNotMatch(error.message, /canary/);
        return true;
      });
    });
  }
});

Deno.test("createSigningKeys() stops waiting at the caller's deadline", async () => {
  const { find, state } = source();
  state.respond = hang;
  const deadline = new AbortController();
  const waiting = find("1", deadline.signal);
  deadline.abort();
  await assert.rejects(waiting, (error) => {
    assert.ok(error instanceof FunctionError, String(error));
    assert.equal(error.code, "upstream_timeout");
    return true;
  });
});
