import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  CompactEncrypt,
  CompactSign,
  type CryptoKey,
  exportJWK,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";
import { FIXTURES_URL, readFixture } from "../../harness/fixtures.ts";
import { UPSTREAM_ORIGIN } from "../../harness/upstream.ts";
import { createEnvelopeOpener } from "../../lib/envelope.ts";
import { type ErrorCode, FunctionError } from "../../lib/errors.ts";
import { silentFetch } from "./_frames.ts";
import { createTestFunction } from "./_function.ts";

const KEYS_URL = `${UPSTREAM_ORIGIN}/oauth/v2/keys`;
const encoder = new TextEncoder();

const [jwt, jweRsa, jweEc] = await Promise.all(
  ["jwt", "jwe_rsa", "jwe_ec"].map((type) =>
    readFixture(new URL(`calls/payload_type_${type}.json`, FIXTURES_URL))
  ),
) as [Fixture, Fixture, Fixture];
type Fixture = Awaited<ReturnType<typeof readFixture>>;

const rsaJwk = JSON.parse(jweRsa.settings!.PAYLOAD_PRIVATE_KEY!) as JWK;
const ecJwk = JSON.parse(jweEc.settings!.PAYLOAD_PRIVATE_KEY!) as JWK;
const kidOf = ({ request }: Fixture): string =>
  JSON.parse(atob(request.body.split(".")[0]!)).kid;

/** An instance of one's own, since the recorded one's signing keys are not known. */
const instance = await generateKeyPair("ES256");
const foreign = await generateKeyPair("ES256");
const publicJwk = { ...await exportJWK(instance.publicKey), kid: "1" };
const ownKeys = { keys: [publicJwk] };
const recipient = await generateKeyPair("RSA-OAEP-256", { extractable: true });
const recipientJwk = await exportJWK(recipient.privateKey);

const PAYLOAD = { function: "function/preaccesstoken", a: "é" };

function sign(
  payload: unknown = PAYLOAD,
  { key = instance.privateKey, kid = "1", alg = "ES256", ...header }: {
    key?: CryptoKey;
    kid?: string;
    alg?: string;
    [name: string]: unknown;
  } = {},
): Promise<string> {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return new CompactSign(encoder.encode(text))
    .setProtectedHeader({ ...header, alg, kid })
    .sign(key);
}

/** Signs the payload under any header, which the library would refuse to. */
async function signAs(header: string): Promise<string> {
  const text = `${base64url(header)}.${base64url(JSON.stringify(PAYLOAD))}`;
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    instance.privateKey,
    encoder.encode(text),
  );
  const options = { alphabet: "base64url", omitPadding: true } as const;
  return `${text}.${new Uint8Array(signature).toBase64(options)}`;
}

function encrypt(
  plaintext: string,
  { key = recipient.publicKey, alg = "RSA-OAEP-256", enc = "A256GCM", kid }: {
    key?: CryptoKey | Uint8Array;
    alg?: string;
    enc?: string;
    kid?: string;
  } = {},
): Promise<string> {
  return new CompactEncrypt(encoder.encode(plaintext))
    .setProtectedHeader({ alg, enc, ...kid && { kid } })
    .encrypt(key);
}

function base64url(text: string): string {
  const options = { alphabet: "base64url", omitPadding: true } as const;
  return encoder.encode(text).toBase64(options);
}

/** An opener, and how often the instance's keys were fetched. */
async function opener(
  { jwks = ownKeys, privateKey, fetch, timeoutMs = 5_000 }: {
    jwks?: unknown;
    privateKey?: string;
    fetch?: typeof globalThis.fetch;
    timeoutMs?: number;
  } = {},
) {
  const state = { fetches: 0, jwks };
  const openBody = await createEnvelopeOpener({
    origin: UPSTREAM_ORIGIN,
    privateKey,
    timeoutMs,
    fetch: (input, init) => {
      state.fetches++;
      assert.equal(String(input), KEYS_URL);
      if (fetch) return fetch(input, init);
      return Promise.resolve(Response.json(state.jwks));
    },
  });
  return {
    state,
    openBody,
    open: async (text: string) => await openBody(encoder.encode(text)),
  };
}

function fails(code: ErrorCode, reason?: string) {
  return (error: unknown) => {
    assert.ok(error instanceof FunctionError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.details.reason, reason);
    assert.equal(error.details.remedy !== undefined, reason !== undefined);
    return true;
  };
}

/** Sets the clock of the library that keeps the instance's keys. */
class Clock implements Disposable {
  now = Date.now();
  readonly #real = Date.now;

  constructor() {
    Date.now = () => this.now;
  }

  [Symbol.dispose](): void {
    Date.now = this.#real;
  }
}

Deno.test("createEnvelopeOpener() opens JSON at once", async (t) => {
  const { openBody, state } = await opener();
  for (const text of ['{"a":"é"}', ' \r\n\t{"a":"é"}\n']) {
    await t.step(JSON.stringify(text), () => {
      assert.deepEqual(openBody(encoder.encode(text)), { a: "é" });
    });
  }
  assert.equal(state.fetches, 0);
});

Deno.test("createEnvelopeOpener() opens what ZITADEL sent", async (t) => {
  const { keys } = jwt.jwks!;
  const pem = async (jwk: JWK, alg: string) =>
    await exportPKCS8(
      await importJWK(jwk, alg, { extractable: true }) as CryptoKey,
    );
  const rsaPem = await pem(rsaJwk, "RSA-OAEP-256");
  const ecPem = await pem(ecJwk, "ECDH-ES+A256KW");
  const both = {
    keys: [
      { ...ecJwk, kid: kidOf(jweEc) },
      { ...rsaJwk, kid: kidOf(jweRsa) },
    ],
  };
  const cases: [string, Fixture, string | undefined][] = [
    ["a JWS", jwt, undefined],
    [
      "a JWS where encrypted ones are expected too",
      jwt,
      JSON.stringify(rsaJwk),
    ],
    ["a JWE, by an RSA JWK", jweRsa, JSON.stringify(rsaJwk)],
    ["a JWE, by an EC JWK", jweEc, JSON.stringify(ecJwk)],
    ["a JWE, by an RSA PEM", jweRsa, rsaPem],
    ["a JWE, by an EC PEM", jweEc, ecPem],
    ["a JWE, by a PEM in one line", jweEc, ecPem.replaceAll("\n", "\\n")],
    ["a JWE, by the second of two PEMs", jweRsa, ecPem + rsaPem],
    ["a JWE, by the first of two JWKs", jweEc, JSON.stringify(both)],
    ["a JWE, by the second of two JWKs", jweRsa, JSON.stringify(both)],
  ];
  for (const [name, { request }, privateKey] of cases) {
    await t.step(name, async () => {
      const { open, state } = await opener({
        jwks: { keys },
        ...privateKey && { privateKey },
      });
      const payload = await open(request.body) as Record<string, unknown>;
      assert.equal(payload.function, "function/preaccesstoken");
      assert.ok(Array.isArray(payload.user_grants));
      assert.equal(state.fetches, 1);
    });
  }
});

Deno.test("createEnvelopeOpener() verifies by each algorithm of ZITADEL's web keys", async (t) => {
  for (
    const alg of ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"]
  ) {
    await t.step(alg, async () => {
      const { publicKey, privateKey } = await generateKeyPair(alg);
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
    "a critical extension that nobody knows": signAs(
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

Deno.test("createEnvelopeOpener() refuses a body of no known form", async (t) => {
  const bodies: Record<string, string | Uint8Array> = {
    "nothing": "",
    "white space": " \n",
    "a list": "[]",
    "a text": '"a"',
    "two parts": "a.b",
    "four parts": "a.b.c.d",
    "six parts": "a.b.c.d.e.f",
    "a JWS with padding": "YQ==.YQ==.YQ==",
    "a JWS after white space": " a.b.c",
    "broken JSON": "{",
    "JSON with more after it": "{}{}",
    "a byte order mark": '\ufeff{"a":1}',
    "bytes that are not UTF-8": Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d),
  };
  for (const [name, body] of Object.entries(bodies)) {
    await t.step(name, async () => {
      const { openBody, state } = await opener();
      const bytes = typeof body === "string" ? encoder.encode(body) : body;
      await assert.rejects(
        async () => await openBody(bytes),
        fails("invalid_payload"),
      );
      assert.equal(state.fetches, 0);
    });
  }
});

Deno.test("createEnvelopeOpener() refuses nonsense inside what is signed or encrypted", async (t) => {
  const privateKey = JSON.stringify(recipientJwk);
  const cases: [string, string | Promise<string>, ErrorCode][] = [
    ["a JWS of no JSON", sign("nonsense"), "invalid_payload"],
    ["a JWS of a JWS", sign(await sign()), "invalid_payload"],
    [
      "a JWE of unsigned JSON",
      encrypt(JSON.stringify(PAYLOAD)),
      "invalid_signature",
    ],
    ["a JWE of nonsense", encrypt("nonsense"), "invalid_signature"],
    ["a JWE of a JWE", encrypt(await encrypt("a")), "invalid_signature"],
    [
      "a JWE of a foreign JWS",
      encrypt(await sign(PAYLOAD, { key: foreign.privateKey })),
      "invalid_signature",
    ],
    [
      "a JWE of a JWS of no JSON",
      encrypt(await sign("nonsense")),
      "invalid_payload",
    ],
  ];
  for (const [name, text, code] of cases) {
    await t.step(name, async () => {
      const { open } = await opener({ privateKey });
      await assert.rejects(open(await text), fails(code));
    });
  }
  await t.step("but not a JWE of the instance's JWS", async () => {
    const { open } = await opener({ privateKey });
    assert.deepEqual(await open(await encrypt(await sign())), PAYLOAD);
  });
});

Deno.test("createEnvelopeOpener() refuses a JWE without asking for keys when it cannot be decrypted", async (t) => {
  const other = await generateKeyPair("RSA-OAEP-256");
  const sha1 = await generateKeyPair("RSA-OAEP");
  const ec = await generateKeyPair("ECDH-ES");
  const jws = await sign();
  const secret = new Uint8Array(32);
  const cases: [string, Promise<string> | string, JWK | undefined][] = [
    ["for another key", encrypt(jws, { key: other.publicKey }), recipientJwk],
    ["for a key of another kind", jweEc.request.body, recipientJwk],
    [
      "by RSA-OAEP with SHA-1",
      encrypt(jws, { key: sha1.publicKey, alg: "RSA-OAEP" }),
      recipientJwk,
    ],
    [
      "by ECDH-ES without a wrapped key",
      encrypt(jws, { key: ec.publicKey, alg: "ECDH-ES" }),
      ecJwk,
    ],
    [
      "by a shared secret",
      encrypt(jws, { key: secret, alg: "dir" }),
      recipientJwk,
    ],
    ["with other contents", encrypt(jws, { enc: "A128GCM" }), recipientJwk],
    ["of empty parts", "a....", recipientJwk],
    ["of a broken header", "a.b.c.d.e", recipientJwk],
    [
      "tampered with",
      encrypt(jws).then((text) => text.slice(0, -3)),
      recipientJwk,
    ],
  ];
  for (const [name, text, jwk] of cases) {
    await t.step(name, async () => {
      const { open, state } = await opener({ privateKey: JSON.stringify(jwk) });
      await assert.rejects(
        open(await text),
        fails("invalid_payload", "unknown_key"),
      );
      assert.equal(state.fetches, 0);
    });
  }
  await t.step("where no key is set", async () => {
    const { open, state } = await opener();
    await assert.rejects(
      open(jweRsa.request.body),
      fails("invalid_payload", "missing_setting"),
    );
    assert.equal(state.fetches, 0);
  });
});

Deno.test("createEnvelopeOpener() opens a JWE for a key that bears an id of its own", async () => {
  const named = { ...recipientJwk, kid: "not ZITADEL's id of it" };
  const { open } = await opener({ privateKey: JSON.stringify(named) });
  const jwe = await encrypt(await sign(), { kid: "ZITADEL's id" });
  assert.deepEqual(await open(jwe), PAYLOAD);
});

Deno.test("createEnvelopeOpener() finds the key by its id, or by trying", async (t) => {
  const other = await generateKeyPair("RSA-OAEP-256", { extractable: true });
  const otherJwk = await exportJWK(other.privateKey);
  const set = (...keys: JWK[]) => JSON.stringify({ keys });
  const jws = await sign();
  const cases: [string, string | undefined, string][] = [
    [
      "the second, by id",
      "b",
      set({ ...otherJwk, kid: "a" }, { ...recipientJwk, kid: "b" }),
    ],
    [
      "the second, by trying",
      undefined,
      set({ ...otherJwk, kid: "a" }, { ...recipientJwk, kid: "b" }),
    ],
    ["one without an id", "b", set(otherJwk, recipientJwk)],
    [
      "of two with one id the right one",
      "a",
      set({ ...otherJwk, kid: "a" }, { ...recipientJwk, kid: "a" }),
    ],
  ];
  for (const [name, kid, privateKey] of cases) {
    await t.step(name, async () => {
      const { open } = await opener({ privateKey });
      const jwe = await encrypt(jws, kid ? { kid } : {});
      assert.deepEqual(await open(jwe), PAYLOAD);
    });
  }
});

Deno.test("createEnvelopeOpener() rejects when a private key cannot be used", async (t) => {
  const okp = await exportJWK(
    (await generateKeyPair("ECDH-ES", { crv: "X25519", extractable: true }))
      .privateKey,
  );
  const keys: Record<string, string> = {
    "a PEM of nonsense":
      "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
    "a PEM of another kind":
      "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----",
    "a JWK of nonsense": '{"kty":"RSA","n":"canary","e":"AQAB","d":"canary"}',
    "a JWK of another kind": JSON.stringify({ ...okp, alg: "ECDH-ES" }),
    "a symmetric JWK": '{"kty":"oct","k":"canary","d":"canary"}',
    "a JWK of a kind that objects have": '{"kty":"constructor","d":"canary"}',
    "one of two": JSON.stringify({ keys: [recipientJwk, { kty: "RSA" }] }),
    "not JSON": "canary",
  };
  for (const [name, privateKey] of Object.entries(keys)) {
    await t.step(name, async () => {
      await assert.rejects(opener({ privateKey }), (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, /PAYLOAD_PRIVATE_KEY/);
        assert.doesNotMatch(Deno.inspect(error), /canary/);
        return true;
      });
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

Deno.test("createEnvelopeOpener() fetches the instance's keys anew after ten minutes", async () => {
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

Deno.test("createEnvelopeOpener() fetches the instance's keys anew for an unknown one, with a cool-down", async () => {
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
  const answers: Record<string, typeof fetch> = {
    "down": () => Promise.reject(new TypeError("canary")),
    "an error": () => Promise.resolve(new Response(null, { status: 500 })),
    "a redirect": () =>
      Promise.resolve(
        new Response(null, { status: 302, headers: { location: "/" } }),
      ),
    "a page": () => Promise.resolve(new Response("<html>", html)),
    "no set of keys": () => Promise.resolve(Response.json({ a: 1 })),
  };
  const jws = await sign();
  for (const [name, fetch] of Object.entries(answers)) {
    await t.step(name, async () => {
      const { open } = await opener({ fetch });
      await assert.rejects(open(jws), (error) => {
        assert.ok(error instanceof FunctionError);
        assert.ok(error.message.includes(KEYS_URL));
        assert.doesNotMatch(error.message, /canary/);
        return fails("upstream_failed", "unreachable")(error);
      });
    });
  }
  await t.step("too slow", async () => {
    const { open } = await opener({ fetch: silentFetch(), timeoutMs: 20 });
    await assert.rejects(open(jws), fails("upstream_timeout", "timeout"));
  });
  await t.step("and asks again at the next call", async () => {
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
    assert.match(log.at(-1)!.message, /not the shape/);
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

Deno.test("createHandler() says what to do when payloads come encrypted and no key is set", async () => {
  const { call, log } = await createTestFunction({
    fetch: () => assert.fail("nothing may be asked"),
  });
  const reply = await call(jweRsa.request.body);
  assert.equal(reply.status, 400);
  assert.match(String(log[0]?.remedy), /Set PAYLOAD_PRIVATE_KEY/);
});
