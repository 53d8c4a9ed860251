import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import {
  describeAnswer,
  judgeForeignAnswer,
  readAnswer,
} from "../../../lib/zitadel/answer.ts";
import {
  createConnection,
  type ZitadelConnection,
} from "../../../lib/zitadel/connection.ts";
import { createMetadataReader } from "../../../lib/zitadel/metadata_reader.ts";
import { createSigningKeys } from "../../../lib/zitadel/signing_keys.ts";
import { requestToken } from "../../../lib/zitadel/token_request.ts";
import { clientCredentials, keyFile } from "./_access_token.ts";
import { hasKind } from "./_fault.ts";
import { FOREIGN_ANSWERS } from "./_foreign_answers.ts";
import { recordedInstance } from "./_recorded_instance_host.ts";

const PUBLIC = "http://localhost:8080";
const INTERNAL = "http://127.0.0.1:8080";
const NOW = 1_795_469_197_000;

function connect(
  fetch: typeof globalThis.fetch,
  { domainOrigin = "https://zitadel.example", internalOrigin }: {
    domainOrigin?: string;
    internalOrigin?: string;
  } = {},
): ZitadelConnection {
  return createConnection({
    domainOrigin,
    internalOrigin,
    fetch,
    now: () => NOW,
    timeoutMs: 5_000,
  });
}

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
    })("1"),
  "a token, by client credentials": (connection) =>
    requestToken(clientCredentials, connection),
  "a token, by JWT profile": (connection) =>
    requestToken(keyFile(), connection),
  "signing keys": (connection) =>
    createSigningKeys(connection)({ alg: "RS256", kid: "1" }, {
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
  assert.doesNotMatch(error.message + error.details.remedy, /canary/);
  return error;
}

for (const [asked, ask] of Object.entries(ASKED)) {
  Deno.test(`judgeForeignAnswer() names what answered for ZITADEL when ${asked} is requested`, async (t) => {
    for (const { name, respond, reason, seen } of FOREIGN_ANSWERS) {
      await t.step(name, async () => {
        const { message, code, details } = await told(
          ask,
          connect(() => Promise.resolve(respond())),
        );
        assert.equal(code, "upstream_failed");
        assert.equal(details.reason, reason, message);
        assert.match(message, seen);
        assert.match(
          details.remedy!,
          reason === "intercepted" ? /gRPC-web POSTs/ : /behind the proxy/,
        );
      });
    }
  });

  Deno.test(`judgeForeignAnswer() recognizes an unknown instance when ${asked} is requested`, async (t) => {
    for (const release of ["4.13.1", "4.6.5", "3.4.9"]) {
      await t.step(`v${release}`, async () => {
        const { fetch } = recordedInstance(release);
        const { message, details } = await told(
          ask,
          connect(fetch, { domainOrigin: INTERNAL }),
        );
        assert.equal(details.reason, "unknown_instance", message);
        assert.match(message, /Instance not found$/);
        assert.match(
          details.remedy!,
          /ZITADEL_DOMAIN .*Host header .*ZITADEL_INTERNAL_URL/,
        );
      });
      await t.step(`v${release}, with the instance's host`, async () => {
        const { fetch } = recordedInstance(release);
        const connection = connect(fetch, {
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
      const { details } = await told(
        ask,
        connect(() => Promise.resolve(respond())),
      );
      assert.equal(details.reason, "rate_limited");
    }
  });
}

Deno.test("judgeForeignAnswer() says to write https if the address expects it", async (t) => {
  const answers = {
    "a redirect of the same host": {
      status: 308,
      mediaType: "",
      location: "https://zitadel.example/oauth",
      text: "",
    },
    "a Go server": {
      status: 400,
      mediaType: "text/plain",
      text: "Client sent an HTTP request to an HTTPS server.\n",
    },
    "nginx": {
      status: 400,
      mediaType: "text/html",
      text: "<title>400 The plain HTTP request was sent to HTTPS port</title>",
    },
  };
  const origin = { baseUrl: "http://zitadel.example" };
  for (const [name, answer] of Object.entries(answers)) {
    await t.step(name, () => {
      const fault = judgeForeignAnswer(answer, origin);
      hasKind("intercepted")(fault);
      assert.match(
        fault.details.remedy!,
        /write https:\/\/zitadel\.example in ZITADEL_DOMAIN/,
      );
      const internal = judgeForeignAnswer(answer, {
        ...origin,
        instanceHost: "zitadel.example",
      });
      assert.match(internal.details.remedy!, /in ZITADEL_INTERNAL_URL/);
    });
  }
  await t.step("not for a redirect to another host", () => {
    const fault = judgeForeignAnswer(
      {
        ...answers["a redirect of the same host"],
        location: "https://sso.example/",
      },
      origin,
    );
    assert.equal(fault.details.remedy, undefined);
  });
  await t.step("not for an address that is https", () => {
    const fault = judgeForeignAnswer(answers["a redirect of the same host"], {
      baseUrl: "https://zitadel.example",
    });
    assert.equal(fault.details.remedy, undefined);
  });
});

Deno.test("describeAnswer() tells a redirect from what a server has of its own", () => {
  const described = (status: number, location?: string) =>
    describeAnswer({ status, mediaType: "text/html", location, text: "" });
  assert.equal(described(299), "299 text/html");
  assert.equal(described(300), "300, a redirect");
  const url = "https://sso.example/login";
  assert.equal(described(399, url), "399, a redirect to https://sso.example");
  assert.equal(described(400, url), "400 text/html");
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
