import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../harness/upstream.ts";
import type { Credential } from "../../lib/config.ts";
import { FunctionError } from "../../lib/errors.ts";
import type { LogEntry } from "../../lib/log.ts";
import {
  createServiceToken,
  RENEW_BEFORE_MS,
} from "../../lib/service_token.ts";
import { silentFetch } from "./_frames.ts";
import { createTestFunction, login, loginPayload, NOW } from "./_function.ts";
import {
  createTokenEndpoint,
  readTokenAnswer,
  tokenAnswer,
} from "./_token_endpoint.ts";

const SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud";
const LIFETIME_MS = 43_199_000;
const UNUSABLE_BEFORE_MS = 10_000;

const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2_048,
});
const pem = (type: "pkcs1" | "pkcs8") =>
  privateKey.export({ type, format: "pem" }).toString();

const clientCredentials: Credential = {
  kind: "client_credentials",
  clientId: "reader",
  clientSecret: "canary-secret",
};

function keyFile(change: { key?: string; expirationDate?: string } = {}) {
  const key = { keyId: "7", key: pem("pkcs1"), userId: "8", ...change };
  return { kind: "jwt_profile", key } as const satisfies Credential;
}

/** A source of tokens from an endpoint, with a clock. */
function source(
  answer: (index: number) => Response | Promise<Response>,
  {
    credential = clientCredentials,
    fetch,
    timeoutMs = 5_000,
  }: {
    credential?: Credential;
    fetch?: typeof globalThis.fetch;
    timeoutMs?: number;
  } = {},
) {
  const endpoint = createTokenEndpoint(answer);
  const log: LogEntry[] = [];
  const clock = { now: NOW };
  const token = createServiceToken(credential, {
    origin: UPSTREAM_ORIGIN,
    timeoutMs,
    fetch: fetch ?? endpoint.fetch,
    now: () => clock.now,
    log: (entry) => void log.push(entry),
  });
  return { token, requests: endpoint.requests, log, clock };
}

/** A source whose tokens are `token-0`, `token-1`, ... */
const numbered = (index: number) => tokenAnswer(`token-${index}`);

/** Lets what goes on in the background come to its end: some turns of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("createServiceToken() gives a personal access token as it is", async () => {
  const { token, requests } = source(numbered, {
    credential: { kind: "personal_access_token", token: "pat" },
  });
  assert.equal(await token.get(), "pat");
  assert.equal(token.discard("pat"), false);
  assert.equal(await token.get(), "pat");
  assert.deepEqual(requests, []);
});

Deno.test("createServiceToken() gets a token by client credentials", async (t) => {
  for (const name of ["client_credentials", "client_credentials_post"]) {
    await t.step(name, async () => {
      const recorded = await readTokenAnswer(name);
      const { token, requests } = source(recorded);
      const { access_token } = await recorded().json();
      assert.equal(await token.get(), access_token);
      assert.deepEqual(requests.map(({ form }) => form), [{
        grant_type: "client_credentials",
        scope: SCOPE,
        client_id: "reader",
        client_secret: "canary-secret",
      }]);
      assert.equal(requests[0]?.headers.get("authorization"), null);
    });
  }
});

Deno.test("createServiceToken() gets a token by JWT profile", async (t) => {
  for (const type of ["pkcs1", "pkcs8"] as const) {
    await t.step(type, async () => {
      const { token, requests } = source(numbered, {
        credential: keyFile({ key: pem(type) }),
      });
      assert.equal(await token.get(), "token-0");
      const { assertion, ...form } = requests[0]!.form;
      assert.equal(
        form.grant_type,
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
      );
      assert.equal(form.scope, SCOPE);
      const { payload, protectedHeader } = await jwtVerify(
        assertion!,
        publicKey,
        {
          audience: UPSTREAM_ORIGIN,
          issuer: "8",
          subject: "8",
          currentDate: new Date(NOW),
        },
      );
      assert.deepEqual(protectedHeader, { alg: "RS256", kid: "7" });
      // A minute old: ZITADEL refuses what is 3 s from the future.
      assert.equal(payload.iat, Math.floor(NOW / 1000) - 60);
      assert.equal(payload.exp! - payload.iat!, 300);
    });
  }
});

Deno.test("createServiceToken() signs an assertion of its own for each request", async () => {
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

Deno.test("createServiceToken() asks once when many need a token", async () => {
  const { token, requests } = source(numbered);
  const tokens = await Promise.all(Array.from({ length: 10 }, token.get));
  assert.deepEqual(new Set(tokens), new Set(["token-0"]));
  assert.equal(requests.length, 1);
});

Deno.test("createServiceToken() keeps a token until shortly before its end, then renews it in the background", async () => {
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

Deno.test("createServiceToken() renews a token of a short life at half of it", async () => {
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

Deno.test("createServiceToken() takes five minutes for the life of a token that does not say it", async () => {
  const { token, requests, clock } = source(() =>
    Response.json({ access_token: "token", token_type: "Bearer" })
  );
  await token.get();
  clock.now += 300_000 - UNUSABLE_BEFORE_MS - 1;
  await token.get();
  await settled();
  assert.equal(requests.length, 2);
});

Deno.test("createServiceToken() serves the old token while renewing fails, and says so", async () => {
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

Deno.test("createServiceToken() waits for a new token when the old one is about to end", async () => {
  const { token, clock } = source((index) =>
    index === 1 ? new Response("down", { status: 503 }) : numbered(index)
  );
  await token.get();
  clock.now += LIFETIME_MS - UNUSABLE_BEFORE_MS;
  await assert.rejects(token.get(), FunctionError);
  assert.equal(await token.get(), "token-2");
});

Deno.test("createServiceToken() gives another token when one was refused", async () => {
  const { token, requests } = source(numbered);
  const refused = await token.get();
  assert.equal(token.discard(refused), true);
  assert.equal(await token.get(), "token-1");
  // Another reading tells late of the token that is gone already.
  assert.equal(token.discard(refused), true);
  assert.equal(await token.get(), "token-1");
  assert.equal(requests.length, 2);
});

Deno.test("createServiceToken() asks again when a request failed", async () => {
  const { token } = source((index) =>
    index === 0 ? new Response(null, { status: 500 }) : numbered(index)
  );
  await assert.rejects(token.get());
  assert.equal(await token.get(), "token-1");
});

/** Why no token came, as the operator is told. */
async function refusal(
  answer: () => Response | Promise<Response>,
  options: Parameters<typeof source>[1] = {},
): Promise<FunctionError> {
  const { token, log } = source(answer, options);
  let refused: FunctionError | undefined;
  await assert.rejects(token.get(), (error) => {
    assert.ok(error instanceof FunctionError, String(error));
    refused = error;
    return true;
  });
  assert.deepEqual(log, []);
  const { message, details } = refused!;
  assert.match(message, /^Cannot get a token for the service user: /);
  const told = `${message} ${details.remedy}`;
  assert.doesNotMatch(told, /canary|assertion|PRIVATE KEY-|Errors\./);
  return refused!;
}

Deno.test("createServiceToken() names the credential when ZITADEL refuses it", async (t) => {
  for (
    const name of [
      "client_credentials_wrong_secret",
      "client_credentials_unknown_client",
      "bad_grant_type",
    ]
  ) {
    await t.step(name, async () => {
      const recorded = await readTokenAnswer(name);
      const { code, message, details } = await refusal(recorded);
      assert.equal(code, "upstream_failed");
      assert.equal(details.reason, "credential_rejected");
      assert.match(message, /refused CLIENT_ID and CLIENT_SECRET$/);
      assert.match(details.remedy!, /Generate a new secret/);
    });
  }
  const invalid = () =>
    Response.json(
      { error: "invalid_grant", error_description: "canary" },
      { status: 400 },
    );
  await t.step("a key file, or a clock that is off", async () => {
    const { message, details } = await refusal(invalid, {
      credential: keyFile(),
    });
    assert.equal(details.reason, "credential_rejected");
    assert.match(message, /refused SERVICE_ACCOUNT_KEY$/);
    assert.match(
      details.remedy!,
      /clock .* key still listed .* ZITADEL_DOMAIN/,
    );
  });
  await t.step("a key file, by the 500 of v4.13.1", async () => {
    const { message, details } = await refusal(
      () =>
        Response.json(
          { error: "server_error", error_description: "Errors.Internal" },
          { status: 500 },
        ),
      { credential: keyFile() },
    );
    assert.equal(details.reason, "credential_rejected");
    assert.match(message, /refused SERVICE_ACCOUNT_KEY$/);
  });
  await t.step("a key file that expired", async () => {
    const expirationDate = "2026-01-01T00:00:00Z";
    const { details } = await refusal(invalid, {
      credential: keyFile({ expirationDate }),
    });
    assert.match(details.remedy!, new RegExp(`expired at ${expirationDate}`));
  });
  await t.step("a key file that expires later", async () => {
    const { details } = await refusal(invalid, {
      credential: keyFile({ expirationDate: "9999-12-31T23:59:59Z" }),
    });
    assert.doesNotMatch(details.remedy!, /expired at/);
  });
});

Deno.test("createServiceToken() tells a key that cannot be read from a refused one", async (t) => {
  const keys = {
    "cut short": pem("pkcs1").slice(0, 800),
    "without line breaks": pem("pkcs1").replaceAll("\n", ""),
    "of another kind": generateKeyPairSync("ec", { namedCurve: "P-256" })
      .privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    "nonsense":
      "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
  };
  for (const [name, key] of Object.entries(keys)) {
    await t.step(name, async () => {
      const { message, details } = await refusal(
        () => assert.fail("nothing may be asked"),
        { credential: keyFile({ key }) },
      );
      assert.match(
        message,
        /private key in SERVICE_ACCOUNT_KEY cannot be read$/,
      );
      assert.equal(details.reason, "credential_rejected");
      assert.match(details.remedy!, /whole text of the file/);
    });
  }
});

Deno.test("createServiceToken() tells an unreachable ZITADEL from a refused credential", async (t) => {
  const answers: Record<string, () => Response | Promise<Response>> = {
    "down": () => Promise.reject(new TypeError("canary")),
    "an error of its own": () =>
      Response.json({ error: "server_error" }, { status: 500 }),
    "a page": () =>
      new Response("<html>canary", {
        headers: { "content-type": "text/html" },
      }),
    "a redirect": () =>
      new Response(null, { status: 302, headers: { location: "/" } }),
    "no token": () => Response.json({ token_type: "Bearer" }),
    "a token of another type": () =>
      Response.json({ access_token: "canary", token_type: "canary" }),
    "not JSON": () =>
      new Response("{", { headers: { "content-type": "application/json" } }),
  };
  for (const [name, answer] of Object.entries(answers)) {
    await t.step(name, async () => {
      const { code, message, details } = await refusal(answer);
      assert.equal(code, "upstream_failed");
      assert.equal(details.reason, "unreachable");
      assert.ok(message.includes(UPSTREAM_ORIGIN));
      assert.match(details.remedy!, /ZITADEL_DOMAIN/);
    });
  }
});

Deno.test("createServiceToken() gives up when the time is over", async () => {
  const { code, details } = await refusal(() => assert.fail(), {
    fetch: silentFetch(),
    timeoutMs: 20,
  });
  assert.equal(code, "upstream_timeout");
  assert.equal(details.reason, "timeout");
  assert.match(details.remedy!, /UPSTREAM_TIMEOUT_MS/);
});

/** A function with one of the credentials, and a token endpoint. */
async function functionWith(
  settings: Record<string, string>,
  answer: (index: number) => Response,
) {
  const upstream = createUpstream(login);
  const endpoint = createTokenEndpoint(answer, upstream.fetch);
  const { call, log } = await createTestFunction({
    settings: { ACCESS_TOKEN: "", ...settings },
    fetch: endpoint.fetch,
  });
  return { call, log, upstream, endpoint };
}

const BY_SECRET = { CLIENT_ID: "reader", CLIENT_SECRET: "canary-secret" };
const BY_KEY = {
  SERVICE_ACCOUNT_KEY: JSON.stringify({
    type: "serviceaccount",
    keyId: "7",
    key: pem("pkcs1"),
    userId: "8",
  }),
};

Deno.test("createHandler() reads metadata by each kind of credential", async (t) => {
  for (
    const [name, settings] of [
      ["client credentials", BY_SECRET],
      ["JWT profile", BY_KEY],
    ] as const
  ) {
    await t.step(name, async () => {
      const { call, endpoint } = await functionWith(
        settings,
        () => tokenAnswer(UPSTREAM_TOKEN),
      );
      assert.equal((await call(loginPayload())).status, 200);
      assert.equal(endpoint.requests.length, 1);
    });
  }
});

Deno.test("createHandler() renews a token once when ZITADEL refuses it", async (t) => {
  await t.step("and answers with the new one", async () => {
    const { call, endpoint, upstream, log } = await functionWith(
      BY_SECRET,
      (index) => tokenAnswer(index === 0 ? "revoked" : UPSTREAM_TOKEN),
    );
    assert.equal((await call(loginPayload())).status, 200);
    assert.equal(endpoint.requests.length, 2);
    assert.equal(upstream.requests, 2);
    assert.ok(log.every(({ level }) => level === "info"));
  });
  await t.step("and fails when that is refused too", async () => {
    const { call, endpoint, log } = await functionWith(
      BY_SECRET,
      () => tokenAnswer("revoked"),
    );
    assert.equal((await call(loginPayload())).status, 502);
    assert.equal(endpoint.requests.length, 2);
    assert.equal(log[0]?.reason, "credential_rejected");
  });
});

Deno.test("createHandler() says which credential is refused and what to do", async (t) => {
  for (
    const [name, settings] of [
      ["CLIENT_SECRET", BY_SECRET],
      ["SERVICE_ACCOUNT_KEY", BY_KEY],
    ] as const
  ) {
    await t.step(name, async () => {
      const answer = await readTokenAnswer("client_credentials_wrong_secret");
      const { call, log, upstream } = await functionWith(settings, answer);
      const response = await call(loginPayload());
      assert.equal(response.status, 502);
      assert.equal(await response.text(), '{"error":"upstream_failed"}');
      assert.equal(upstream.requests, 0);
      assert.equal(log.length, 1);
      const [entry] = log;
      assert.ok(entry?.message.includes(name));
      assert.ok(entry?.remedy);
      assert.doesNotMatch(JSON.stringify(log), /canary|PRIVATE KEY/);
    });
  }
});
