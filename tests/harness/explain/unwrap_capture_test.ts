import assert from "node:assert/strict";
import { unwrapCapture } from "../../../harness/explain/unwrap_capture.ts";
import { explain } from "../../../tasks/explain.ts";
import { tempFolder } from "../../_temp_folder.ts";
import { createTestIo } from "../_test_io.ts";

const PAYLOAD =
  '{"function":"function/preaccesstoken","org":{"id":"1"},"user_grants":[{"project_id":"4","resource_owner":"1","state":1,"roles":["admin"]}]}';
const base64 = (text: string) => new TextEncoder().encode(text).toBase64();
const base64Url = (text: string) =>
  new TextEncoder().encode(text).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });

Deno.test("unwrapCapture() finds the payload in what catchers export", async (t) => {
  const request = { method: "POST", headers: { a: "b" } };
  const captures: Record<string, string> = {
    "the payload itself": `\n${PAYLOAD}\n`,
    "a body": JSON.stringify({ ...request, body: PAYLOAD }),
    "a parsed body": JSON.stringify({ ...request, body: JSON.parse(PAYLOAD) }),
    "a list of one": JSON.stringify([{ ...request, content: PAYLOAD }]),
    "a body in base64": base64(PAYLOAD),
    "a gateway's event": JSON.stringify({
      ...request,
      body: base64(PAYLOAD),
      isBase64Encoded: true,
    }),
    "a raw request in base64": base64(`POST / HTTP/1.1\r\n\r\n${PAYLOAD}`),
    "a request within": JSON.stringify({
      request: { postData: { text: PAYLOAD } },
    }),
    "a browser's HAR file": JSON.stringify({
      log: { entries: [{ request: { postData: { text: PAYLOAD } } }] },
    }),
    "base64 in lines of 76": base64(PAYLOAD).replaceAll(/.{76}/g, "$&\n"),
    "a data URL": `data:application/json;base64,${base64(PAYLOAD)}`,
    "a curl command": `curl https://a.example -d '${PAYLOAD}'`,
    "headers and a body": `ZITADEL-Signature: t=1\r\n\r\n${PAYLOAD}`,
    "a code block": `\`\`\`json\n${PAYLOAD}\n\`\`\``,
    "JSON in a JSON string": JSON.stringify(PAYLOAD),
    "a raw request":
      `POST / HTTP/1.1\r\nHost: a.example\r\nZITADEL-Signature: t=1\r\n\r\n${PAYLOAD}`,
  };
  for (const [name, capture] of Object.entries(captures)) {
    await t.step(name, () => assert.equal(unwrapCapture(capture), PAYLOAD));
  }
  const jwt = `${base64Url("{}")}.${base64Url(PAYLOAD)}.sig`;
  assert.equal(unwrapCapture(JSON.stringify({ body: jwt })), jwt);
});

Deno.test("unwrapCapture() says what is no payload", () => {
  const token = `${base64Url("{}")}.${base64Url('{"iss":"a","sub":"b"}')}.sig`;
  const claims = '{"iss":"a","sub":"b"}';
  const answer = JSON.stringify({ access_token: token });
  const tokens = [token, `Bearer ${token}`, JSON.stringify(token)];
  for (const given of [...tokens, claims, answer]) {
    assert.throws(() => unwrapCapture(given), /it is an access token/);
  }
  const other = PAYLOAD.replace("admin", "viewer");
  assert.throws(
    () => unwrapCapture(`[${PAYLOAD}, ${other}]`),
    /explain 2 requests at once/,
  );
  assert.throws(() => unwrapCapture("dGhpcy1pcy1vcGFxdWU"), /opaque access/);
  for (const given of ["", "<html></html>", "{", `${PAYLOAD}\n${PAYLOAD}`]) {
    assert.throws(() => unwrapCapture(given), /it is not JSON, nor base64/);
  }
  assert.equal(unwrapCapture("eyJhbGciOiJ.b.c.d.e"), "eyJhbGciOiJ.b.c.d.e");
  assert.equal(unwrapCapture('{"other":1}'), '{"other":1}');
});

Deno.test("explain reads an export in UTF-16", async () => {
  await using folder = await tempFolder();
  const units = [...`\ufeff${PAYLOAD}`].map((it) => it.charCodeAt(0));
  const bytes = new Uint8Array(new Uint16Array(units).buffer);
  const capture = await folder.write(bytes, "capture");
  const roles = await folder.write('{"admin": ["a:b"]}', "roles.json");
  const { io, printed } = createTestIo();
  assert.equal(await explain.run([capture, "--roles", roles], io), 0);
  assert.match(printed(), /a:b/);
});
