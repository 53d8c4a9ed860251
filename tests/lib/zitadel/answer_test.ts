import assert from "node:assert/strict";
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
import { clientCredentials, keyFile } from "./_access_token.ts";
import { connectionBy, connectionTo } from "./_connection.ts";
import { hasKind } from "./_fault.ts";
import { FOREIGN_ANSWERS } from "./_foreign_answers.ts";
import { recordedInstance } from "./_recorded_instance_host.ts";

const PUBLIC = "http://localhost:8080";
const INTERNAL = "http://127.0.0.1:8080";
const { signal } = new AbortController();

/** What is asked of ZITADEL, each as one request. */
const ASKED: Record<
  string,
  (connection: ZitadelConnection) => Promise<unknown>
> = {
  "metadata": (connection) =>
    createMetadataReader({
      connection,
      token: {
        settings: "ACCESS_TOKEN",
        get: () => Promise.resolve("token"),
        discard: () => false,
      },
      maxValueBytes: 100_000,
      maxMappingBytes: 1_000_000,
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
  ask: (connection: ZitadelConnection) => Promise<unknown>,
  connection: ZitadelConnection,
): Promise<FunctionError> {
  const error = await ask(connection).then(() => undefined, (error) => error);
  assert.ok(error instanceof FunctionError, String(error));
  assert.doesNotMatch(JSON.stringify([error.message, error.details]), /canary/);
  return error;
}

for (const [asked, ask] of Object.entries(ASKED)) {
  Deno.test(`judgeForeignAnswer() names what answered for ZITADEL when ${asked} is requested`, async (t) => {
    for (const { name, respond, reason, seen } of FOREIGN_ANSWERS) {
      await t.step(name, async () => {
        const { message, code, details } = await told(
          ask,
          connectionTo(respond),
        );
        assert.equal(code, "upstream_failed");
        assert.equal(details.reason, reason, message);
        assert.match(message, seen);
        assert.equal(details.fields?.upstream_status, respond().status);
      });
    }
  });

  Deno.test(`judgeForeignAnswer() recognizes an unknown instance when ${asked} is requested`, async (t) => {
    for (const release of ["4.13.1", "4.6.5", "3.4.9"]) {
      await t.step(`v${release}`, async () => {
        const { fetch } = recordedInstance(release);
        const { message, details } = await told(
          ask,
          connectionBy(fetch, { domainOrigin: INTERNAL }),
        );
        assert.equal(details.reason, "unknown_instance", message);
        assert.match(message, /Instance not found$/);
      });
      await t.step(`v${release}, with the instance's host`, async () => {
        const { fetch } = recordedInstance(release);
        const connection = connectionBy(fetch, {
          domainOrigin: PUBLIC,
          internalOrigin: INTERNAL,
        });
        // What was recorded next: an unknown client, an empty list.
        const error = await ask(connection).then(() => {}, (error) => error);
        assert.notEqual(error?.details?.reason, "unknown_instance");
      });
    }
  });

  Deno.test(`judgeForeignAnswer() takes 429 for a limited rate when ${asked} is requested`, async () => {
    for (
      const respond of [
        () => new Response("slow down", { status: 429 }),
        () =>
          Response.json({ error: "temporarily_unavailable" }, { status: 429 }),
        () => Response.json({ error: "invalid_request" }, { status: 429 }),
      ]
    ) {
      const { details } = await told(ask, connectionTo(respond));
      assert.equal(details.reason, "rate_limited");
    }
  });
}

Deno.test("judgeForeignAnswer() recognizes a server that expects https", async (t) => {
  const answers = {
    "a Go server": "Client sent an HTTP request to an HTTPS server.\n",
    "nginx": "<title>400 The plain HTTP request was sent to HTTPS port</title>",
  };
  for (const [name, text] of Object.entries(answers)) {
    await t.step(name, () => {
      const answer = { status: 400, mediaType: "text/plain", location: null };
      hasKind("intercepted", /400 text\/plain, which expects https$/)(
        judgeForeignAnswer({ ...answer, text }),
      );
    });
  }
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

Deno.test("judgeMissingApis() takes a discovery document, and nothing else, for a ZITADEL without the APIs", async (t) => {
  const json = { "content-type": "application/json" };
  const document = '{"issuer":"https://zitadel.example"}';
  const answers: [string, string, ResponseInit, string][] = [
    ["a document", document, { headers: json }, "no_metadata_api"],
    ["an error", document, { status: 403, headers: json }, "intercepted"],
    [
      "another type",
      document,
      { headers: { "content-type": "text/html" } },
      "intercepted",
    ],
    ["no issuer", "{}", { headers: json }, "intercepted"],
    ["no JSON", "<html>", { headers: json }, "intercepted"],
  ];
  for (const [name, body, init, kind] of answers) {
    await t.step(name, async () => {
      const connection = connectionTo(() => new Response(body, init));
      const fault = await judgeMissingApis(connection, signal);
      assert.equal(fault.kind, kind);
    });
  }
});

Deno.test("readAnswer() reads the beginning and drops the rest", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000).fill(0x61)),
    cancel: () => void (isCancelled = true),
  });
  const { text } = await readAnswer(new Response(body));
  assert.equal(text.length, 5_000);
  assert.equal(isCancelled, true);
});

Deno.test("readAnswer() reads no more once it has what it may read", async () => {
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10).fill(0x61)),
    }, { highWaterMark: 0 });
  const { text } = await readAnswer(new Response(body()), 20);
  assert.equal(text.length, 20);
});
