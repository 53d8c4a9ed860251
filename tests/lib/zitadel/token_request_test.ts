import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { decodeJwt, jwtVerify } from "jose";
import { UPSTREAM_ORIGIN } from "../../../harness/sandbox/upstream.ts";
import { FunctionError } from "../../../lib/errors.ts";
import {
  preload,
  type RequestCredential,
  requestToken,
} from "../../../lib/zitadel/token_request.ts";
import { silentFetch } from "../_frames.ts";
import { NOW } from "../_function.ts";
import {
  clientCredentials,
  keyFile,
  numbered,
  pem,
  publicKey,
} from "./_access_token.ts";
import { connectionBy } from "./_connection.ts";
import { rejection } from "./_rejection.ts";
import { createTokenEndpoint, readTokenAnswer } from "../_token_endpoint.ts";

const SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud";

interface Options {
  readonly credential?: RequestCredential;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
}

/** Requests tokens from an endpoint that answers like this. */
function requester(
  answer: (index: number) => Response | Promise<Response>,
  { credential = clientCredentials, fetch, timeoutMs = 5_000 }: Options = {},
) {
  const endpoint = createTokenEndpoint(answer);
  const request = () =>
    requestToken(
      credential,
      connectionBy(fetch ?? endpoint.fetch, { timeoutMs }),
    );
  return { request, requests: endpoint.requests };
}

/** Why no token came, as the operator is told. */
async function refusal(
  ...args: Parameters<typeof requester>
): Promise<FunctionError> {
  let refused: FunctionError | undefined;
  await assert.rejects(requester(...args).request(), (error) => {
    assert.ok(error instanceof FunctionError, String(error));
    refused = error;
    return true;
  });
  const { message, details } = refused!;
  assert.match(message, /^Cannot get a token for the service user: /);
  const told = JSON.stringify({ ...details, message, cause: undefined });
  assert.doesNotMatch(told, /canary|assertion|PRIVATE KEY-|Errors\./);
  return refused!;
}

Deno.test("requestToken() gets a token by client credentials", async (t) => {
  for (const name of ["client_credentials", "client_credentials_post"]) {
    await t.step(name, async () => {
      const recorded = await readTokenAnswer(name);
      const { requests, request } = requester(recorded);
      const { access_token, expires_in } = await recorded().json();
      assert.deepEqual(await request(), {
        token: access_token,
        lifetimeMs: expires_in * 1_000,
      });
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

Deno.test("requestToken() gets a token by JWT profile", async (t) => {
  for (const type of ["pkcs1", "pkcs8"] as const) {
    await t.step(type, async () => {
      const { requests, request } = requester(numbered, {
        credential: keyFile({ key: pem(type) }),
      });
      assert.equal((await request()).token, "token-0");
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

Deno.test("requestToken() names the credential when ZITADEL refuses it", async (t) => {
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
      assert.match(message, /ZITADEL refused the service user's credential$/);
      assert.equal(details.fields?.credential, "CLIENT_ID and CLIENT_SECRET");
    });
  }
  const invalid = () =>
    Response.json(
      { error: "invalid_grant", error_description: "canary" },
      { status: 400 },
    );
  await t.step("a key file, or a clock that is off", async () => {
    const { details } = await refusal(invalid, { credential: keyFile() });
    assert.equal(details.reason, "credential_rejected");
    assert.equal(details.fields?.credential, "SERVICE_ACCOUNT_KEY");
    assert.equal(details.fields?.oauth_error, "invalid_grant");
    assert.match(details.remedy!, /clock .* ZITADEL_DOMAIN/);
  });
  await t.step("a key file, by the 500 of v4.13.1", async () => {
    const { details } = await refusal(
      () =>
        Response.json(
          { error: "server_error", error_description: "Errors.Internal" },
          { status: 500 },
        ),
      { credential: keyFile() },
    );
    assert.equal(details.reason, "credential_rejected");
  });
  await t.step("a key file that expired", async () => {
    const expirationDate = "2026-01-01T00:00:00Z";
    const { details } = await refusal(invalid, {
      credential: keyFile({ expirationDate }),
    });
    assert.equal(details.fields?.key_expired, expirationDate);
  });
  await t.step("a key file that expires later", async () => {
    const { details } = await refusal(invalid, {
      credential: keyFile({ expirationDate: "9999-12-31T23:59:59Z" }),
    });
    assert.equal(details.fields?.key_expired, undefined);
  });
});

Deno.test("requestToken() distinguishes a key that cannot be read from a refused one", async (t) => {
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
    });
  }
});

Deno.test("requestToken() tells other failures from a refused credential", async (t) => {
  const answers: Record<
    string,
    [reason: string, respond: () => Response | Promise<Response>]
  > = {
    "down": [
      "unreachable",
      () => Promise.reject(new TypeError("sent canary-secret")),
    ],
    // v3.4.9 answers so under load.
    "an error of its own": [
      "unreachable",
      () => Response.json({ error: "server_error" }, { status: 500 }),
    ],
    "no token": [
      "unreadable_answer",
      () => Response.json({ token_type: "Bearer" }),
    ],
    "a token of another type": [
      "unreadable_answer",
      () => Response.json({ access_token: "canary", token_type: "canary" }),
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
      () => Response.json({ error: "canary" }, { status: 401 }),
    ],
  };
  for (const [name, [reason, respond]] of Object.entries(answers)) {
    await t.step(name, async () => {
      const { code, details } = await refusal(respond);
      assert.equal(code, "upstream_failed");
      assert.equal(details.reason, reason);
      assert.equal(details.fields?.zitadel, UPSTREAM_ORIGIN);
      assert.match(details.remedy!, /ZITADEL_DOMAIN/);
    });
  }
});

Deno.test("requestToken() asks at the internal address, for the public issuer", async () => {
  const sent: Request[] = [];
  const connection = connectionBy((input, init) => {
    sent.push(new Request(input, init));
    return Promise.resolve(numbered(0));
  }, { internalOrigin: "http://zitadel:8080" });
  await requestToken(keyFile(), connection);
  const [{ url, headers }] = sent as [Request];
  assert.equal(url, "http://zitadel:8080/oauth/v2/token");
  assert.equal(headers.get("x-zitadel-instance-host"), "zitadel.example");
  const form = new URLSearchParams(await sent[0]!.text());
  assert.equal(decodeJwt(form.get("assertion")!).aud, UPSTREAM_ORIGIN);
});

Deno.test("requestToken() gives up when the time is over", async () => {
  await preload("client_credentials");
  const deadline = new AbortController();
  let startedMs: number | undefined;
  const pending = requestToken(
    clientCredentials,
    connectionBy((input, init) => {
      const silence = silentFetch()(input, init);
      deadline.abort();
      return silence;
    }, {
      timeoutMs: 1_234,
      timeout(ms) {
        startedMs = ms;
        return deadline.signal;
      },
    }),
  );
  const error = await rejection(pending);
  assert.ok(error instanceof FunctionError, String(error));
  assert.equal(error.code, "upstream_timeout");
  assert.equal(error.details.reason, "timeout");
  assert.equal(startedMs, 1_234);
});
