import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { decodeJwt, jwtVerify } from "jose";
import { UPSTREAM_ORIGIN } from "../../../harness/sandbox/upstream.ts";
import { type FailureReason, FunctionError } from "../../../lib/errors.ts";
import {
  type RequestCredential,
  requestToken,
} from "../../../lib/zitadel/token_request.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
import { silentFetch } from "../_silent_fetch.ts";
import { NOW } from "../_function.ts";
import { createTokenEndpoint, readTokenAnswer } from "../_token_endpoint.ts";
import {
  clientCredentials,
  keyFile,
  numbered,
  pem,
  publicKey,
} from "./_access_token.ts";
import { connectionBy } from "./_connection.ts";
import { rejection } from "./_rejection.ts";

const SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud";

type Answer = (index: number) => Response | Promise<Response>;

/** Requests a token from an endpoint that answers like this. */
async function ask(
  answer: Answer,
  credential: RequestCredential = clientCredentials,
) {
  const { fetch, requests } = createTokenEndpoint(answer);
  const token = await requestToken(credential, connectionBy(fetch));
  return { token, requests };
}

/** Why no token came, as the operator is told. */
async function refusal(
  reason: FailureReason,
  ...asked: Parameters<typeof ask>
): Promise<FunctionError> {
  const error = await ask(...asked).catch((error) => error);
  const message = /^Cannot get a token for the service user: /;
  fails("upstream_failed", reason, { message })(error);
  const told = { ...error.details, message: error.message, cause: undefined };
  const secret = /canary|assertion|PRIVATE KEY-|Errors\./;
  assert.doesNotMatch(JSON.stringify(told), secret);
  return error;
}

testEach("requestToken() gets a token by client credentials", {
  "as a confidential client": "client_credentials",
  "by post": "client_credentials_post",
}, async (name) => {
  const recorded = await readTokenAnswer(name);
  const { access_token, expires_in } = await recorded().json();
  const { token, requests } = await ask(recorded);
  const lifetimeMs = expires_in * 1_000;
  assert.deepEqual(token, { token: access_token, lifetimeMs });
  assert.deepEqual(requests.map(({ form }) => form), [{
    grant_type: "client_credentials",
    scope: SCOPE,
    client_id: "reader",
    client_secret: "canary-secret",
  }]);
  assert.equal(requests[0]?.headers.get("authorization"), null);
});

testEach("requestToken() gets a token by JWT profile", {
  "PKCS#1": pem("pkcs1"),
  "PKCS#8": pem("pkcs8"),
}, async (key) => {
  const { token, requests } = await ask(numbered, keyFile({ key }));
  assert.equal(token.token, "token-0");
  const { assertion, ...form } = requests[0]!.form;
  assert.deepEqual(form, {
    client_id: "8",
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    scope: SCOPE,
  });
  const { payload, protectedHeader } = await jwtVerify(assertion!, publicKey, {
    audience: UPSTREAM_ORIGIN,
    issuer: "8",
    subject: "8",
    currentDate: new Date(NOW),
  });
  assert.deepEqual(protectedHeader, { alg: "RS256", kid: "7" });
  // A minute old: ZITADEL refuses what is 3 s from the future.
  assert.equal(payload.iat, Math.floor(NOW / 1000) - 60);
  assert.equal(payload.exp! - payload.iat!, 300);
});

testEach(
  "requestToken() names the client credentials when ZITADEL refuses them",
  {
    "a wrong secret": "client_credentials_wrong_secret",
    "an unknown client": "client_credentials_unknown_client",
    "a bad grant type": "bad_grant_type",
  },
  async (name) => {
    const answer = await readTokenAnswer(name);
    const { message, details } = await refusal("credential_rejected", answer);
    assert.match(message, /ZITADEL refused the service user's credential$/);
    assert.equal(details.fields?.credential, "CLIENT_ID and CLIENT_SECRET");
  },
);

const json = (body: object, status = 200) => () =>
  Response.json(body, { status });
const invalidGrant = { error: "invalid_grant", error_description: "canary" };
const serverError = {
  error: "server_error",
  error_description: "Errors.Internal",
};

testEach<[body: object, status: number, end?: string, isPast?: boolean]>(
  "requestToken() names the key file when ZITADEL refuses it, and its end if it is past",
  {
    "a key file, or a clock that is off": [invalidGrant, 400],
    "by the 500 of v4.13.1": [serverError, 500],
    "one that expired": [invalidGrant, 400, "2026-01-01T00:00:00Z", true],
    "one that expires later": [invalidGrant, 400, "9999-12-31T23:59:59Z"],
  },
  async ([body, status, expirationDate, isPast]) => {
    const { details: { fields, remedy } } = await refusal(
      "credential_rejected",
      json(body, status),
      keyFile(expirationDate ? { expirationDate } : {}),
    );
    assert.equal(fields?.credential, "SERVICE_ACCOUNT_KEY");
    assert.equal(fields?.oauth_error, (body as typeof serverError).error);
    assert.equal(fields?.key_expired, isPast ? expirationDate : undefined);
    assert.match(remedy!, /clock .* ZITADEL_DOMAIN/);
  },
);

testEach(
  "requestToken() distinguishes a key that cannot be read from a refused one",
  {
    "cut short": pem("pkcs1").slice(0, 800),
    "without line breaks": pem("pkcs1").replaceAll("\n", ""),
    "of another kind": generateKeyPairSync("ec", { namedCurve: "P-256" })
      .privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    "nonsense":
      "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
  },
  async (key) => {
    const { message } = await refusal(
      "credential_rejected",
      () => assert.fail("nothing may be asked"),
      keyFile({ key }),
    );
    assert.match(message, /private key in SERVICE_ACCOUNT_KEY cannot be read$/);
  },
);

testEach<[FailureReason, Answer]>(
  "requestToken() tells other failures from a refused credential",
  {
    "down": [
      "unreachable",
      () => Promise.reject(new TypeError("sent canary-secret")),
    ],
    // v3.4.9 answers so under load.
    "an error of its own": [
      "unreachable",
      json({ error: "server_error" }, 500),
    ],
    "no token": ["unreadable_answer", json({ token_type: "Bearer" })],
    "a token of another type": [
      "unreadable_answer",
      json({ access_token: "canary", token_type: "canary" }),
    ],
    "JSON that breaks off": [
      "unreadable_answer",
      () =>
        new Response('{"access_token":"canary', {
          headers: { "content-type": "application/json" },
        }),
    ],
    "an error that OAuth does not know": [
      "intercepted",
      json({ error: "canary" }, 401),
    ],
  },
  async ([reason, answer]) => {
    const { details } = await refusal(reason, answer);
    assert.equal(details.fields?.zitadel, UPSTREAM_ORIGIN);
    assert.match(details.remedy!, /ZITADEL_DOMAIN/);
  },
);

Deno.test("requestToken() asks at the internal address, for the public issuer", async () => {
  const sent: Request[] = [];
  const connection = connectionBy((input, init) => {
    sent.push(new Request(input, init));
    return Promise.resolve(numbered(0));
  }, { internalOrigin: "http://zitadel:8080" });
  await requestToken(keyFile(), connection);
  const [request] = sent as [Request];
  assert.equal(request.url, "http://zitadel:8080/oauth/v2/token");
  const host = request.headers.get("x-zitadel-instance-host");
  assert.equal(host, "zitadel.example");
  const form = new URLSearchParams(await request.text());
  assert.equal(decodeJwt(form.get("assertion")!).aud, UPSTREAM_ORIGIN);
});

Deno.test("requestToken() gives up when the time is over", async () => {
  await import("oauth4webapi");
  const deadline = new AbortController();
  const connection = connectionBy((input, init) => {
    const silence = silentFetch()(input, init);
    deadline.abort();
    return silence;
  }, {
    timeoutMs: 1_234,
    timeout(ms) {
      assert.equal(ms, 1_234);
      return deadline.signal;
    },
  });
  const error = await rejection(requestToken(clientCredentials, connection));
  fails("upstream_timeout", "timeout")(error);
});
