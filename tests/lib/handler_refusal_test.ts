import assert from "node:assert/strict";
import { signPayload } from "../../harness/util/sign_payload.ts";
import { STATUS } from "../../lib/errors.ts";
import { testEach } from "../_test_each.ts";
import { login, loginPayload, NOW } from "./_function.ts";
import {
  assertRefused,
  createIdleFunction,
  request,
  signed,
} from "./_requests.ts";

const { body, headers: { "zitadel-signature": right = "" } } = login.request;
const seconds = Math.floor(NOW / 1000);
const unnamed = { ...loginPayload(), org: undefined, user: undefined };
const longest = {
  "zitadel-signature": `t=${seconds},v1=${"0".repeat(64)}`,
  "content-length": String(10 * 1024 * 1024 + 1),
};
const wrong = (signature: string, name = "zitadel-signature") =>
  request(body, { [name]: signature });

const REFUSED = {
  invalid_signature: {
    "no signature": request(body),
    "an empty signature": wrong(""),
    "a signature under another name": wrong(
      await signPayload(login.signing_key, seconds, body),
      "x-zitadel-signature",
    ),
    "a malformed signature": wrong("t=,v1=zz"),
    "a signature by another key": await signed(body, { key: "another" }),
    "a signature that is too old": await signed(body, {
      seconds: seconds - 301,
    }),
    "a signature of the future": await signed(body, { seconds: seconds + 301 }),
    "a signature of another body": request(`${body} `, {
      "zitadel-signature": right,
    }),
    "an event by another key": await signed(
      '{"event_type":"org.metadata.set","aggregateID":"1"}',
      { key: "another" },
    ),
  },
  invalid_payload: {
    "an empty body": await signed(""),
    "a body that is not JSON": await signed("{"),
    "a body that is a text": await signed('"text"'),
    "a body that is a list": await signed("[]"),
    "a body of another shape": await signed('{"a":1}'),
    "a call without its user's organization": await signed(
      JSON.stringify(unnamed),
    ),
    "an encrypted body without a key": await signed(
      "eyJhbGciOiJSU0EtT0FFUC0yNTYifQ.a.b.c.d",
    ),
  },
  not_found: {
    "another path": request(body, {}, "/other"),
    "a path beside the health": request(body, {}, "/healthz/"),
  },
  payload_too_large: { "a body over 10 MiB": request("{", longest) },
  method_not_allowed: Object.fromEntries(
    ["GET", "PUT", "DELETE", "OPTIONS"].map((method) => [
      method,
      new Request("http://localhost/", { method }),
    ]),
  ),
};

testEach<Record<string, Request>>(
  "createHandler() asks nothing of ZITADEL when it refuses a request",
  REFUSED,
  async (requests, name) => {
    const code = name as keyof typeof REFUSED;
    for (const [what, request] of Object.entries(requests)) {
      const { handle, log, asked } = await createIdleFunction();
      const response = await handle(request);
      await assertRefused(response, code);
      const { headers } = response;
      assert.equal(headers.get("connection"), null);
      const isMethod = code === "method_not_allowed";
      assert.equal(headers.get("allow"), isMethod ? "POST" : null);
      assert.deepEqual(asked, [], what);
      const level = isMethod || code === "not_found" ? "info" : "warn";
      assert.deepEqual(
        log.map(({ level, outcome, status }) => [level, outcome, status]),
        [[level, code, STATUS[code]]],
      );
    }
  },
);

testEach<[lines: number, () => Request | Promise<Request>]>(
  "createHandler() writes ten lines a minute of what strangers send, and every line of what ZITADEL signed",
  {
    "no signature": [10, () => request(body)],
    "another key": [10, () => signed(body, { key: "another" })],
    "another path": [10, () => request(body, {}, "/other")],
    "signed": [12, () => signed("{")],
  },
  async ([lines, create]) => {
    const { handle, log } = await createIdleFunction();
    for (let call = 0; call < 12; call++) await handle(await create());
    assert.equal(log.length, lines);
  },
);

Deno.test("createHandler() does not read the body when the signature cannot be right", async () => {
  const late = `t=${seconds - 301},v1=${"0".repeat(64)}`;
  for (const header of ["", "t=1", late]) {
    const stream = new ReadableStream({
      pull: () => assert.fail("the body is read"),
    }, { highWaterMark: 0 });
    const { handle } = await createIdleFunction();
    const forged = request(stream, { "zitadel-signature": header });
    await assertRefused(await handle(forged), "invalid_signature");
  }
});

Deno.test("createHandler() tells malformed from wrong signatures in the log only", async () => {
  const { handle, log } = await createIdleFunction();
  const answers: unknown[] = [];
  for (const forged of [wrong("t"), await signed(body, { key: "another" })]) {
    const response = await handle(forged);
    const { status, headers } = response;
    answers.push([status, [...headers], await response.text()]);
  }
  assert.deepEqual(answers[0], answers[1]);
  assert.notEqual(log[0]?.message, log[1]?.message);
});
