import assert from "node:assert/strict";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { FunctionError } from "../../../lib/errors.ts";
import {
  judgeForeignAnswer,
  judgeMissingApis,
  readAnswer,
} from "../../../lib/zitadel/answer.ts";
import type { ZitadelConnection } from "../../../lib/zitadel/connection.ts";
import { createMetadataReader } from "../../../lib/zitadel/metadata_reader.ts";
import { createSigningKeys } from "../../../lib/zitadel/signing_keys.ts";
import { requestToken } from "../../../lib/zitadel/token_request.ts";
import { testEach } from "../../_test_each.ts";
import { clientCredentials, keyFile } from "./_access_token.ts";
import { connectionBy, connectionTo } from "./_connection.ts";
import { hasKind } from "./_fault.ts";

const PUBLIC = "http://localhost:8080";
const INTERNAL = "http://127.0.0.1:8080";
const RELEASES = ["4.13.1", "4.6.5", "3.4.9"];
const { signal } = new AbortController();

/** Answers of real instances that were asked at an address that is not their domain. */
const { exchanges } = JSON.parse(
  await Deno.readTextFile(new URL("recorded/instance_host.json", FIXTURES_URL)),
);

/** Returns a `fetch` that answers as one release did, with and without the header. */
function recordedInstance(release: string): typeof fetch {
  return (input, init) => {
    const { pathname } = new URL(String(input));
    const host = new Headers(init?.headers).get("x-zitadel-instance-host");
    const exchange = exchanges.find((it: typeof exchanges[0]) =>
      it.release === release && it.path === pathname &&
      (it.instance_host === null) === (host === null)
    );
    if (!exchange) return Promise.reject(new TypeError("not recorded"));
    const body = Uint8Array.fromBase64(exchange.body_base64);
    return Promise.resolve(new Response(body, exchange));
  };
}

/** A page of a proxy, a firewall or a login. */
const page = (status: number, title: string) => () =>
  new Response(`<!doctype html><title>${title}</title>canary`, {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
  });

function brokenOff(): Response {
  let isSent = false;
  const body = new ReadableStream({
    pull(controller) {
      if (isSent) controller.error(new TypeError("connection reset"));
      else controller.enqueue(new TextEncoder().encode("<!doctype ht"));
      isSent = true;
    },
  });
  return new Response(body, { headers: { "content-type": "text/html" } });
}

const withHeaders = (
  status: number,
  headers: HeadersInit,
  body: string | null = null,
) =>
() => new Response(body, { status, headers });

/** Answers that are not ZITADEL's, and what an operator is told of each. */
const FOREIGN_ANSWERS: Record<string, [() => Response, seen: string]> = {
  "a login page": [page(200, "Sign in"), "200 text/html"],
  "a redirect to a login page": [
    withHeaders(302, { location: "https://sso.example/login?canary" }),
    "302, a redirect to https://sso.example",
  ],
  "a page that asks to log in": [
    page(401, "Authorization Required"),
    "401 text/html",
  ],
  "a firewall's page": [page(403, "Forbidden"), "403 text/html"],
  "a page for a missing one": [page(404, "Not Found"), "404 text/html"],
  "a page about an error": [page(500, "Error"), "500 text/html"],
  "a gateway's 502": [page(502, "Bad Gateway"), "502 text/html"],
  "a gateway's 503": [page(503, "Unavailable"), "503 text/html"],
  "a gateway's 504": [page(504, "Gateway Timeout"), "504 text/html"],
  "a page that breaks off": [brokenOff, "200 text/html"],
  "a challenge": [
    withHeaders(401, {
      "www-authenticate": "Basic",
      "content-type": "text/plain",
    }, "canary"),
    "401 text/plain",
  ],
  "a gateway that speaks JSON": [
    () => Response.json({ message: "Forbidden canary" }, { status: 403 }),
    "403 application/json",
  ],
  "a refusal with gRPC-web's content type": [
    withHeaders(403, { "content-type": "application/grpc-web+proto" }),
    "403 application/grpc-web+proto",
  ],
  "a refusal without a content type": [
    withHeaders(403, {}),
    "403 without a content type",
  ],
};

type Ask = (connection: ZitadelConnection) => Promise<unknown>;

/** What is asked of ZITADEL, each as one request. */
const ASKED: Record<string, Ask> = {
  "metadata": (connection) =>
    createMetadataReader({
      connection,
      token: {
        settings: "ACCESS_TOKEN",
        get: () => Promise.resolve("token"),
        discard: () => false,
      },
      maxValueBytes: 100_000,
      maxKeptBytes: 1_000_000,
    })("1", signal),
  "a token, by client credentials": (connection) =>
    requestToken(clientCredentials, connection),
  "a token, by JWT profile": (connection) =>
    requestToken(keyFile(), connection),
  "signing keys": (connection) =>
    createSigningKeys(connection)(signal)({ alg: "RS256", kid: "1" }, {
      payload: "",
      signature: "",
    }),
};

/** What an operator is told if ZITADEL is asked. */
async function told(
  ask: Ask,
  connection: ZitadelConnection,
): Promise<FunctionError> {
  const error = await ask(connection).then(() => undefined, (error) => error);
  assert.ok(error instanceof FunctionError, String(error));
  assert.doesNotMatch(JSON.stringify([error.message, error.details]), /canary/);
  return error;
}

testEach(
  "judgeForeignAnswer() names what answered for ZITADEL",
  ASKED,
  async (ask) => {
    for (const [name, [respond, seen]] of Object.entries(FOREIGN_ANSWERS)) {
      const { message, code, details } = await told(ask, connectionTo(respond));
      const { status } = respond();
      assert.equal(code, "upstream_failed");
      const isGateway = status > 500;
      assert.equal(details.reason, isGateway ? "unreachable" : "intercepted");
      assert.ok(
        message.endsWith(`the answer is ${seen}`),
        `${name}: ${message}`,
      );
      assert.equal(details.fields?.upstream_status, status);
    }
  },
);

testEach(
  "judgeForeignAnswer() takes 429 for a limited rate",
  ASKED,
  async (ask) => {
    for (const error of ["temporarily_unavailable", "invalid_request"]) {
      const respond = () => Response.json({ error }, { status: 429 });
      const { details } = await told(ask, connectionTo(respond));
      assert.equal(details.reason, "rate_limited");
    }
  },
);

testEach(
  "judgeForeignAnswer() recognizes an unknown instance, as each release says it",
  ASKED,
  async (ask) => {
    for (const release of RELEASES) {
      const fetch = recordedInstance(release);
      const { message, details } = await told(
        ask,
        connectionBy(fetch, { domainOrigin: INTERNAL }),
      );
      assert.equal(details.reason, "unknown_instance", message);
      assert.match(message, /Instance not found$/);
      const named = connectionBy(fetch, {
        domainOrigin: PUBLIC,
        internalOrigin: INTERNAL,
      });
      // What was recorded next: an unknown client, an empty list.
      const error = await ask(named).then(() => {}, (error) => error);
      assert.notEqual(error?.details?.reason, "unknown_instance", release);
    }
  },
);

testEach("judgeForeignAnswer() recognizes a server that expects https", {
  "a Go server": "Client sent an HTTP request to an HTTPS server.\n",
  "nginx": "<title>400 The plain HTTP request was sent to HTTPS port</title>",
}, (text) => {
  const answer = { status: 400, mediaType: "text/plain", location: null };
  const fault = judgeForeignAnswer({ ...answer, text });
  hasKind("intercepted", /400 text\/plain, which expects https$/)(fault);
});

Deno.test("judgeForeignAnswer() tells a redirect from what a server has of its own", () => {
  const seen = (status: number, location: string | null = null) =>
    judgeForeignAnswer({ status, mediaType: "text/html", location, text: "" })
      .message.replace("the answer is ", "");
  assert.equal(seen(299), "299 text/html");
  assert.equal(seen(300), "300, a redirect");
  const url = "https://sso.example/login";
  assert.equal(seen(399, url), "399, a redirect to https://sso.example");
  assert.equal(seen(400, url), "400 text/html");
});

const DOCUMENT = '{"issuer":"https://zitadel.example"}';

testEach<[kind: string, body: string, init?: ResponseInit, type?: string]>(
  "judgeMissingApis() takes a discovery document, and nothing else, for a ZITADEL without the APIs",
  {
    "a document": ["no_metadata_api", DOCUMENT],
    "an error": ["intercepted", DOCUMENT, { status: 403 }],
    "another type": ["intercepted", DOCUMENT, {}, "text/html"],
    "no issuer": ["intercepted", "{}"],
    "no JSON": ["intercepted", "<html>"],
  },
  async ([kind, body, init, type = "application/json"]) => {
    const headers = { "content-type": type };
    const connection = connectionTo(() =>
      new Response(body, { headers, ...init })
    );
    assert.equal((await judgeMissingApis(connection, signal)).kind, kind);
  },
);

Deno.test("readAnswer() reads the beginning and drops the rest", async () => {
  let isCancelled = false;
  const endless = (chunk: number) =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull: (controller) =>
          controller.enqueue(new Uint8Array(chunk).fill(0x61)),
        cancel: () => void (isCancelled = true),
      }, { highWaterMark: 0 }),
    );
  assert.equal((await readAnswer(endless(1_000))).text.length, 5_000);
  assert.equal(isCancelled, true);
  assert.equal((await readAnswer(endless(10), 20)).text.length, 20);
});
