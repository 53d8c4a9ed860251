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
  "another method": [
    "method_not_allowed",
    () => new Request("http://localhost/"),
  ],
};

Deno.test("createHandler() asks nothing of ZITADEL when it refuses a request", async (t) => {
  for (const [name, [code, make]] of Object.entries(REFUSED)) {
    await t.step(name, async () => {
      const { handle, log, asked } = await createIdleFunction();
      const response = await handle(await make());
      await assertRefused(response, code);
      assert.equal(response.headers.get("connection"), null);
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

Deno.test("createHandler() names the allowed methods when another is used", async (t) => {
  for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
    await t.step(method, async () => {
      const { handle } = await createIdleFunction();
      const response = await handle(
        new Request("http://localhost/", { method }),
      );
      assert.equal(response.headers.get("allow"), "POST");
      await assertRefused(response, "method_not_allowed");
    });
  }
});

Deno.test("createHandler() refuses over 10 MiB without reading on", async (t) => {
  const mebibyte = new Uint8Array(1024 * 1024);
  const signature = `t=${seconds},v1=${"0".repeat(64)}`;
  const endless = () => {
    const state = { mebibytes: 0, cancelled: false };
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        state.mebibytes++;
        controller.enqueue(mebibyte);
      },
      cancel: () => void (state.cancelled = true),
    }, { highWaterMark: 0 });
    return { state, stream };
  };
  await t.step("announced", async () => {
    const { handle, asked } = await createIdleFunction();
    const { state, stream } = endless();
    const response = await handle(request(stream, {
      "zitadel-signature": signature,
      "content-length": String(10 * mebibyte.length + 1),
    }));
    await assertRefused(response, "payload_too_large");
    assert.equal(state.mebibytes, 0);
    assert.deepEqual(asked, []);
  });
  await t.step("in chunks", async () => {
    const { handle, asked } = await createIdleFunction();
    const { state, stream } = endless();
    const response = await handle(
      request(stream, { "zitadel-signature": signature }),
    );
    await assertRefused(response, "payload_too_large");
    assert.ok(state.mebibytes <= 12, `${state.mebibytes} MiB were read`);
    assert.equal(state.cancelled, true);
    assert.deepEqual(asked, []);
  });
});
