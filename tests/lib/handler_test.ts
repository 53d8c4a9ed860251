import assert from "node:assert/strict";
import { createUpstream } from "../../harness/upstream.ts";
import { MAX_PAYLOAD_BYTES } from "../../lib/body.ts";
import { type ErrorCode, STATUS } from "../../lib/errors.ts";
import { signPayload } from "../../lib/signature.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
  ORGANIZATION,
  permissionsIn,
  type TestFunction,
} from "./_function.ts";

const RIGHT = ["read:all", "write:all", "delete:all", "posts:read"];

/** A function that must not ask ZITADEL for anything. */
async function createIdleFunction(
  settings: Record<string, string> = {},
): Promise<TestFunction & { readonly asked: string[] }> {
  const asked: string[] = [];
  const fetch = (input: RequestInfo | URL) => {
    asked.push(String(input instanceof Request ? input.url : input));
    return Promise.reject(new TypeError("nothing may be asked"));
  };
  return { ...await createTestFunction({ settings, fetch }), asked };
}

function request(
  body: BodyInit | null,
  headers: Record<string, string> = {},
  path = "/",
): Request {
  return new Request(new URL(path, "http://localhost"), {
    method: "POST",
    headers,
    body,
  });
}

async function signed(
  body: string,
  { key = login.signing_key, seconds = Math.floor(NOW / 1000) } = {},
): Promise<Request> {
  return request(body, {
    "zitadel-signature": await signPayload(key, seconds, body),
  });
}

async function assertRefused(
  response: Response,
  code: ErrorCode,
): Promise<void> {
  assert.equal(response.status, STATUS[code]);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(await response.text(), `{"error":"${code}"}`);
}

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
      assert.deepEqual(asked, []);
      const [entry] = log;
      assert.equal(log.length, 1);
      assert.equal(entry?.level, "warn");
      assert.equal(entry?.outcome, code);
      assert.equal(entry?.status, STATUS[code]);
    });
  }
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

Deno.test("createHandler() answers /healthz without asking or logging anything", async () => {
  const { handle, log, asked } = await createIdleFunction();
  const at = (method: string) =>
    handle(new Request("http://localhost/healthz?a", { method }));
  const get = await at("GET");
  assert.equal(get.status, 200);
  assert.deepEqual(await get.json(), { status: "ok" });
  assert.equal((await at("HEAD")).status, 200);
  const post = await at("POST");
  assert.equal(post.headers.get("allow"), "GET, HEAD");
  await assertRefused(post, "method_not_allowed");
  assert.deepEqual(asked, []);
  assert.deepEqual(log, []);
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
      "content-length": String(MAX_PAYLOAD_BYTES + 1),
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

Deno.test("createHandler() answers a payload of 3.3 MB", async (t) => {
  const payload = loginPayload();
  payload.user_metadata = Array.from({ length: 5 }, (_, i) => ({
    key: `large-${i}`,
    value: "x".repeat(660_000),
  }));
  const text = JSON.stringify(payload);
  await t.step("announced", async () => {
    const { call } = await createTestFunction();
    assert.deepEqual(await permissionsIn(await call(text)), RIGHT);
  });
  await t.step("in chunks", async () => {
    const { handle } = await createTestFunction();
    const { headers } = await signed(text);
    const stream = new Blob([text]).stream();
    const response = await handle(request(stream, Object.fromEntries(headers)));
    assert.deepEqual(await permissionsIn(response), RIGHT);
  });
});

Deno.test("createHandler() answers an unknown function with nothing, and logs it once", async () => {
  const { call, log, asked } = await createIdleFunction();
  const payload = { ...loginPayload(), function: "function/of_tomorrow" };
  const response = await call(payload);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "{}");
  assert.deepEqual(asked, []);
  assert.deepEqual(
    log.map(({ condition, outcome }) => ({ condition, outcome })),
    [{ condition: "function/of_tomorrow", outcome: "unknown_function" }],
  );
});

Deno.test("createHandler() answers with nothing and asks nothing when the user has no roles", async (t) => {
  const grant = loginPayload().user_grants[0];
  const cases = {
    "no grants": undefined,
    "an empty list": [],
    "no active grant": [{ ...grant, state: 2 }],
    "no grant with a role": [{ ...grant, roles: undefined }],
  };
  for (const [name, user_grants] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { call, log, asked } = await createIdleFunction();
      const response = await call({ ...loginPayload(), user_grants });
      assert.equal(await response.text(), "{}");
      assert.deepEqual(asked, []);
      assert.equal(log[0]?.outcome, "no_roles");
    });
  }
});

Deno.test("createHandler() logs one line a call, in counts", async () => {
  let now = NOW;
  const { call, log } = await createTestFunction({
    settings: { AUTHORIZATION_SIGNING_KEY: `first,${login.signing_key}` },
    now: () => now,
  });
  for (const passed of [0, 30_000, 31_000]) {
    now += passed;
    assert.equal((await call(loginPayload())).status, 200);
  }
  const line = (source: string) => ({
    level: "info",
    message: "Answered",
    condition: "function/preaccesstoken",
    outcome: "permissions",
    signingKey: 1,
    organization: ORGANIZATION,
    source,
    roles: 2,
    permissions: 4,
    ms: 0,
  });
  assert.deepEqual(
    log.filter(({ message }) => message === "Answered"),
    [line("zitadel"), line("memory"), line("stale")],
  );
});

Deno.test("createHandler() takes each of several signing keys, and logs which", async () => {
  const { call, log } = await createTestFunction({
    settings: { AUTHORIZATION_SIGNING_KEY: "old,new" },
  });
  for (const key of ["new", "old"]) {
    assert.equal((await call(loginPayload(), { key })).status, 200);
  }
  const refused = await call(loginPayload(), { key: "other" });
  await assertRefused(refused, "invalid_signature");
  assert.deepEqual(
    log.filter(({ ms }) => ms !== undefined)
      .map(({ signingKey }) => signingKey),
    [1, 0, undefined],
  );
});

Deno.test("createHandler() rejects when a key in the settings cannot be used", async () => {
  const pem = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----";
  await assert.rejects(
    createTestFunction({ settings: { PAYLOAD_PRIVATE_KEY: pem } }),
    (error) =>
      error instanceof TypeError &&
      error.message.includes("PAYLOAD_PRIVATE_KEY") &&
      !error.message.includes("canary"),
  );
});

Deno.test("createHandler() calls a bug a bug, with its place and without its text", async () => {
  const { handle, log } = await createIdleFunction();
  const broken = request("{}");
  Object.defineProperty(broken, "headers", {
    get() {
      throw new RangeError("canary");
    },
  });
  await assertRefused(await handle(broken), "internal_error");
  const [entry] = log;
  assert.equal(entry?.level, "error");
  assert.equal(entry?.cause, "RangeError");
  assert.match(String(entry?.stack), /^ +at .*handler_test\.ts/);
  assert.ok(!JSON.stringify(log).includes("canary"));
});

Deno.test("createHandler() asks for each organization once when many calls come at once", async () => {
  const upstream = createUpstream(login);
  const { call } = await createTestFunction({ fetch: upstream.fetch });
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => call(loginPayload())),
  );
  for (const reply of replies) {
    assert.deepEqual(await permissionsIn(reply), RIGHT);
  }
  assert.equal(upstream.requests, 1);
});
