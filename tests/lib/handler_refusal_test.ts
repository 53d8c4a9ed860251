import assert from "node:assert/strict";
import { type ErrorCode, STATUS } from "../../lib/errors.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";
import { login, loginPayload, NOW } from "./_function.ts";
import {
  assertRefused,
  createIdleFunction,
  request,
  signed,
} from "./_requests.ts";

const body = login.request.body;
const seconds = Math.floor(NOW / 1000);
const REFUSED: Record<string, [ErrorCode, () => Request | Promise<Request>]> = {
  "no signature": ["invalid_signature", () => request(body)],
  "an empty signature": [
    "invalid_signature",
    () => request(body, { "zitadel-signature": "" }),
  ],
  "a signature under another name": [
    "invalid_signature",
    async () =>
      request(body, {
        "x-zitadel-signature": await signPayload(
          login.signing_key,
          seconds,
          body,
        ),
      }),
  ],
  "a malformed signature": [
    "invalid_signature",
    () => request(body, { "zitadel-signature": "t=,v1=zz" }),
  ],
  "a signature by another key": [
    "invalid_signature",
    () => signed(body, { key: "another" }),
  ],
  "a signature that is too old": [
    "invalid_signature",
    () => signed(body, { seconds: seconds - 301 }),
  ],
  "a signature of the future": [
    "invalid_signature",
    () => signed(body, { seconds: seconds + 301 }),
  ],
  "a signature of another body": [
    "invalid_signature",
    async () => {
      const { headers } = await signed(body);
      return request(`${body} `, Object.fromEntries(headers));
    },
  ],
  "an empty body": ["invalid_payload", () => signed("")],
  "a body that is not JSON": ["invalid_payload", () => signed("{")],
  "a body that is a text": ["invalid_payload", () => signed('"text"')],
  "a body that is a list": ["invalid_payload", () => signed("[]")],
  "a body of another shape": ["invalid_payload", () => signed('{"a":1}')],
  "a call without its user's organization": ["invalid_payload", () => {
    const payload = loginPayload();
    delete payload.org;
    delete payload.user;
    return signed(JSON.stringify(payload));
  }],
  "an encrypted body without a key": [
    "invalid_payload",
    () => signed("eyJhbGciOiJSU0EtT0FFUC0yNTYifQ.a.b.c.d"),
  ],
  "another path": ["not_found", () => request(body, {}, "/other")],
  "a path beside the health": [
    "not_found",
    () => request(body, {}, "/healthz/"),
  ],
  "a body over 10 MiB": ["payload_too_large", () =>
    request("{", {
      "zitadel-signature": `t=${seconds},v1=${"0".repeat(64)}`,
      "content-length": String(10 * 1024 * 1024 + 1),
    })],
  "an event by another key": [
    "invalid_signature",
    () =>
      signed('{"event_type":"org.metadata.set","aggregateID":"1"}', {
        key: "another",
      }),
  ],
  ...Object.fromEntries(
    ["GET", "PUT", "DELETE", "OPTIONS"].map((method) => [
      method,
      [
        "method_not_allowed",
        () => new Request("http://localhost/", { method }),
      ],
    ]),
  ),
};

Deno.test("createHandler() asks nothing of ZITADEL when it refuses a request", async (t) => {
  for (const [name, [code, make]] of Object.entries(REFUSED)) {
    await t.step(name, async () => {
      const { handle, log, asked } = await createIdleFunction();
      const response = await handle(await make());
      await assertRefused(response, code);
      assert.equal(response.headers.get("connection"), null);
      assert.equal(
        response.headers.get("allow"),
        code === "method_not_allowed" ? "POST" : null,
      );
      assert.deepEqual(asked, []);
      const [entry] = log;
      assert.equal(log.length, 1);
      const isNoise = code === "not_found" || code === "method_not_allowed";
      assert.equal(entry?.level, isNoise ? "info" : "warn");
      assert.equal(entry?.outcome, code);
      assert.equal(entry?.status, STATUS[code]);
    });
  }
});

Deno.test("createHandler() writes ten lines a minute of what strangers send, and every line of what ZITADEL signed", async (t) => {
  const strangers: Record<string, () => Request | Promise<Request>> = {
    "no signature": () => request(body),
    "another key": () => signed(body, { key: "another" }),
    "another path": () => request(body, {}, "/other"),
  };
  for (const [name, make] of Object.entries(strangers)) {
    await t.step(name, async () => {
      const { handle, log } = await createIdleFunction();
      for (let call = 0; call < 12; call++) await handle(await make());
      assert.equal(log.length, 10);
    });
  }
  await t.step("signed", async () => {
    const { handle, log } = await createIdleFunction();
    for (let call = 0; call < 12; call++) await handle(await signed("{"));
    assert.equal(log.length, 12);
  });
});

Deno.test("createHandler() does not read the body when the signature cannot be right", async (t) => {
  const late = `t=${seconds - 301},v1=${"0".repeat(64)}`;
  for (const header of ["", "t=1", late]) {
    await t.step(header, async () => {
      let isRead = false;
      const stream = new ReadableStream({
        pull(controller) {
          isRead = true;
          controller.close();
        },
      }, { highWaterMark: 0 });
      const { handle } = await createIdleFunction();
      const response = await handle(
        request(stream, { "zitadel-signature": header }),
      );
      await assertRefused(response, "invalid_signature");
      assert.equal(isRead, false);
    });
  }
});

Deno.test("createHandler() tells malformed from wrong signatures in the log only", async () => {
  const { handle, log } = await createIdleFunction();
  const malformed = await handle(request(body, { "zitadel-signature": "t" }));
  const wrong = await handle(await signed(body, { key: "another" }));
  assert.deepEqual([...malformed.headers], [...wrong.headers]);
  assert.equal(malformed.status, wrong.status);
  assert.equal(await malformed.text(), await wrong.text());
  assert.notEqual(log[0]?.message, log[1]?.message);
});
