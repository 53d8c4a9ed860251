import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
} from "jose";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { type FailureReason, FunctionError } from "../../../lib/errors.ts";
import {
  base64url,
  Clock,
  fails,
  foreign,
  instance,
  jwt,
  KEYS_URL,
  opener,
  ownKeys,
  PAYLOAD,
  publicJwk,
  sign,
  signAs,
} from "./_envelope.ts";
import { silentFetch } from "../_frames.ts";
import { createTestFunction } from "../_function.ts";

Deno.test("createEnvelopeOpener() verifies by each algorithm of ZITADEL's web keys", async (t) => {
  const rsa = await generateKeyPair("RS256", { extractable: true });
  const rsaKeys = await Promise.all(
    [rsa.publicKey, rsa.privateKey].map(exportJWK),
  );
  const imported = async (alg: string) => {
    const [publicKey, privateKey] = await Promise.all(
      rsaKeys.map((jwk) => importJWK({ ...jwk, alg }) as Promise<CryptoKey>),
    );
    return { publicKey: publicKey!, privateKey: privateKey! };
  };
  for (
    const alg of ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"]
  ) {
    await t.step(alg, async () => {
      const { publicKey, privateKey } = alg.startsWith("RS")
        ? await imported(alg)
        : await generateKeyPair(alg);
      const jwk = { ...await exportJWK(publicKey), kid: "1", alg };
      const { open } = await opener({ jwks: { keys: [jwk] } });
      const jws = await sign(PAYLOAD, { key: privateKey, alg });
      assert.deepEqual(await open(jws), PAYLOAD);
    });
  }
});

Deno.test("createEnvelopeOpener() refuses a JWS that the instance did not sign", async (t) => {
  const jws = await sign();
  const [header, payload, signature] = jws.split(".") as [
    string,
    string,
    string,
  ];
  const spki = await exportSPKI(instance.publicKey);
  const hs256 = (secret: string | Uint8Array) => {
    const head = base64url('{"alg":"HS256","kid":"1"}');
    const mac = createHmac("sha256", secret).update(`${head}.${payload}`);
    return `${head}.${payload}.${mac.digest("base64url")}`;
  };
  const rsa = await generateKeyPair("PS256");
  const embedded = await exportJWK(foreign.publicKey);
  const forged: Record<string, string | Promise<string>> = {
    "by a foreign key": sign(PAYLOAD, { key: foreign.privateKey }),
    "by a foreign key of another id": sign(PAYLOAD, {
      key: foreign.privateKey,
      kid: "2",
    }),
    "by a key that it brings along": sign(PAYLOAD, {
      key: foreign.privateKey,
      jwk: embedded,
    }),
    "by a key that it points to": sign(PAYLOAD, {
      key: foreign.privateKey,
      jku: "https://elsewhere.example/keys",
    }),
    "with another payload": `${header}.${base64url('{"a":1}')}.${signature}`,
    "with another header": `${
      base64url('{"alg":"ES256"}')
    }.${payload}.${signature}`,
    "without a signature": `${header}.${payload}.`,
    "alg none": `${base64url('{"alg":"none"}')}.${payload}.`,
    "alg none with a key id": `${
      base64url('{"alg":"none","kid":"1"}')
    }.${payload}.`,
    "alg None": `${base64url('{"alg":"None","kid":"1"}')}.${payload}.`,
    "HS256 with the public key as PEM": hs256(spki),
    "HS256 with the public key as JWK": hs256(JSON.stringify(publicJwk)),
    "HS256 with nothing": hs256(""),
    "an algorithm that is not ZITADEL's": sign(PAYLOAD, {
      key: rsa.privateKey,
      alg: "PS256",
    }),
    "a header that is no JSON": `${base64url("{")}.${payload}.${signature}`,
    "an unknown critical extension": signAs(
      '{"alg":"ES256","kid":"1","crit":["x"],"x":1}',
    ),
  };
  const psKeys = {
    keys: [publicJwk, {
      ...await exportJWK(rsa.publicKey),
      kid: "1",
      alg: "PS256",
    }],
  };
  const { open } = await opener();
  assert.deepEqual(
    await open(await signAs('{"alg":"ES256","kid":"1"}')),
    PAYLOAD,
  );
  for (const [name, text] of Object.entries(forged)) {
    await t.step(name, async () => {
      const { open, state } = await opener({
        jwks: name.includes("not ZITADEL's") ? psKeys : ownKeys,
      });
      await assert.rejects(open(await text), fails("invalid_signature"));
      assert.ok(state.fetches <= 1);
    });
  }
});

Deno.test("createEnvelopeOpener() fetches the instance's keys once", async () => {
  const { open, state } = await opener();
  const jws = await sign();
  await Promise.all(Array.from({ length: 10 }, () => open(jws)));
  await open(jws);
  assert.equal(state.fetches, 1);
});

Deno.test("createEnvelopeOpener() fetches the keys again after ten minutes", async () => {
  using clock = new Clock();
  const { open, state } = await opener();
  const jws = await sign();
  await open(jws);
  clock.now += 599_999;
  await open(jws);
  assert.equal(state.fetches, 1);
  clock.now += 1;
  await open(jws);
  assert.equal(state.fetches, 2);
});

Deno.test("createEnvelopeOpener() fetches the keys again for an unknown one, with a pause", async () => {
  using clock = new Clock();
  const { open, state } = await opener();
  const unknown = await sign(PAYLOAD, { kid: "2" });
  const many = async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => open(unknown)),
    );
    return new Set(results.map(({ status }) => status));
  };
  await open(await sign());
  clock.now += 4_999;
  assert.deepEqual(await many(), new Set(["rejected"]));
  assert.equal(state.fetches, 1);
  clock.now += 1;
  assert.deepEqual(await many(), new Set(["rejected"]));
  assert.equal(state.fetches, 2);
  clock.now += 5_000;
  state.jwks = { keys: [publicJwk, { ...publicJwk, kid: "2" }] };
  assert.deepEqual(await many(), new Set(["fulfilled"]));
  assert.equal(state.fetches, 3);
});

Deno.test("createEnvelopeOpener() fails when the instance's keys cannot be fetched", async (t) => {
  const html = { headers: { "content-type": "text/html" } };
  const moved = { status: 302, headers: { location: "/" } };
  const answers: [string, FailureReason, () => Promise<Response>][] = [
    ["down", "unreachable", () => Promise.reject(new TypeError("canary"))],
    [
      "an error",
      "intercepted",
      () => Promise.resolve(new Response(null, { status: 500 })),
    ],
    [
      "a redirect",
      "intercepted",
      () => Promise.resolve(new Response(null, moved)),
    ],
    [
      "a page",
      "intercepted",
      () => Promise.resolve(new Response("<html>", html)),
    ],
    [
      "no set of keys",
      "unreadable_answer",
      () => Promise.resolve(Response.json({ a: 1 })),
    ],
  ];
  const jws = await sign();
  for (const [name, reason, fetch] of answers) {
    await t.step(name, async () => {
      const { open } = await opener({ fetch });
      await assert.rejects(open(jws), (error) => {
        assert.ok(error instanceof FunctionError);
        assert.ok(error.message.includes(new URL(KEYS_URL).pathname));
        assert.doesNotMatch(error.message, /canary/);
        return fails("upstream_failed", reason)(error);
      });
    });
  }
  await t.step("too slow", async () => {
    const { open } = await opener({ fetch: silentFetch(), timeoutMs: 20 });
    await assert.rejects(open(jws), fails("upstream_timeout", "timeout"));
  });
  await t.step("and asks again", async () => {
    let isDown = true;
    const { open } = await opener({
      fetch: () =>
        isDown
          ? Promise.reject(new TypeError("refused"))
          : Promise.resolve(Response.json(ownKeys)),
    });
    await assert.rejects(open(jws));
    isDown = false;
    assert.deepEqual(await open(jws), PAYLOAD);
  });
});

Deno.test("createHandler() refuses an access token in place of a payload", async (t) => {
  const recorded = new URL(
    "recorded/oidc/client_credentials.json",
    FIXTURES_URL,
  );
  const { response } = JSON.parse(await Deno.readTextFile(recorded));
  const { access_token } = JSON.parse(response.body);
  const asked: string[] = [];
  const { call, log } = await createTestFunction({
    fetch: (input) => {
      asked.push(String(input));
      return Promise.resolve(Response.json(jwt.jwks));
    },
  });
  await t.step("not signed by the target's key", async () => {
    const reply = await call(access_token, { key: "another" });
    assert.equal(reply.status, 401);
    assert.equal(await reply.text(), '{"error":"invalid_signature"}');
    assert.deepEqual(asked, []);
  });
  await t.step("signed by it", async () => {
    const reply = await call(access_token);
    assert.equal(reply.status, 400);
    assert.equal(await reply.text(), '{"error":"invalid_payload"}');
    assert.match(log.at(-1)!.message, /Unexpected payload/);
    assert.deepEqual(asked, [KEYS_URL]);
  });
});

Deno.test("createHandler() asks for the instance's keys alone when a payload's JWS is forged", async () => {
  const asked: string[] = [];
  const { call, log } = await createTestFunction({
    fetch: (input) => {
      asked.push(String(input));
      return Promise.resolve(Response.json(ownKeys));
    },
  });
  const reply = await call(await sign(PAYLOAD, { key: foreign.privateKey }));
  assert.equal(reply.status, 401);
  assert.equal(await reply.text(), '{"error":"invalid_signature"}');
  assert.deepEqual(asked, [KEYS_URL]);
  assert.equal(log.length, 1);
});
