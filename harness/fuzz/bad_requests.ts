/**
 * Requests that the function must refuse: broken, forged, outdated, misdirected
 * and oversized ones, as bytes on the wire.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { signPayload } from "../util/sign_payload.ts";

export interface BadRequest {
  readonly kind: string;
  readonly bytes: Uint8Array;
}

const BODY =
  '{"function":"function/preaccesstoken","org":{"id":"1"},"user_grants":[]}';

/** Hosts, some of which no URL can hold. */
const HOSTS = ["[", "a b", "a:99999", "%zz", "a:b:c", "", "\xff", "[::1", "@"];

const token = fc.string({
  unit: fc.constantFrom(..."abcXYZ019-_.~!*'()"),
  minLength: 1,
  maxLength: 12,
});
/** The characters that a header can have on the wire. */
const fieldValue = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) =>
    String.fromCharCode(code)
  ),
  maxLength: 120,
});
const hex = fc.uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));

/**
 * Generates requests; the same seed gives the same. Some are bad although signed with
 * the function's key.
 *
 * @param now In seconds since 1970.
 */
export function generateBadRequests(
  count: number,
  { signingKey, now, seed }: Readonly<
    { signingKey: string; now: number; seed: number }
  >,
): BadRequest[] {
  const sign = (body: string | Uint8Array, seconds = now, key = signingKey) =>
    signPayload(key, seconds, body);
  const valid = sign(BODY);

  const kinds: Record<string, fc.Arbitrary<Uint8Array>> = {
    "no signature": fc.constant(message({})),
    "any text as signature": fieldValue.map((signature) =>
      message({ signature })
    ),
    "signatures of random bytes": fc.array(hex, { minLength: 1, maxLength: 20 })
      .map((all) =>
        message({ signature: `t=${now},${all.map((it) => `v1=${it}`)}` })
      ),
    "another key's signature": token.map((key) =>
      message({ signature: sign(BODY, now, `another-${key}`) })
    ),
    "an old or future signature": fc.oneof(
      fc.integer({ min: 1_000, max: 2 ** 31 }),
      fc.integer({ min: -(2 ** 30), max: -1_000 }),
    ).map((age) => message({ signature: sign(BODY, Math.max(0, now - age)) })),
    "a changed body": fc.nat(BODY.length - 1).map((at) =>
      message({
        signature: valid,
        body: `${BODY.slice(0, at)}~${BODY.slice(at + 1)}`,
      })
    ),
    "signed, but not a payload": fc.oneof(
      fc.json().filter((text) => !/"(function|event_type)"/.test(text)),
      fieldValue,
      fc.uint8Array({ maxLength: 200 })
        .map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.integer({ min: 1, max: 5_000 }).map((depth) => '{"a":'.repeat(depth)),
    ).map((text) => {
      const body = Buffer.from(text, "latin1");
      return message({ signature: sign(body), body });
    }),
    "another path": token.filter((path) => !/^\.+$/.test(path)).map((path) =>
      message({ target: `/${path}`, signature: valid })
    ),
    "another method": fc.constantFrom("GET", "PUT", "DELETE", "OPTIONS", "X")
      .map((method) => message({ method, signature: valid })),
    "a host that is none": fc.constantFrom(...HOSTS).map((host) =>
      message({ host })
    ),
    "a target of another form": fc.constantFrom(
      "*",
      "http://a:999999/",
      "http://[/",
      "http://%zz/",
      "//",
      "/%",
      "/\xff",
    ).map((target) => message({ target })),
    "a length over the bound": fc.integer({ min: 10_485_761, max: 2 ** 40 })
      .map((length) => message({ signature: valid, body: "", length })),
    "headers without end": fc.integer({ min: 1, max: 300 }).map((count) =>
      message({ extra: "x: y\r\n".repeat(count) })
    ),
    "not HTTP": fc.uint8Array({ minLength: 1, maxLength: 60 })
      .map((bytes) => Buffer.concat([bytes, Buffer.from("\r\n\r\n")])),
  };
  const any = fc.oneof(
    ...Object.entries(kinds).map(([kind, bytes]) =>
      bytes.map((bytes) => ({ kind, bytes }))
    ),
  );
  return fc.sample(any, { numRuns: count, seed });
}

interface MessageParts {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly signature?: string;
  readonly body?: string | Uint8Array;
  /** The announced length, if it is not the body's. */
  readonly length?: number;
  readonly extra?: string;
}

function message({
  method = "POST",
  target = "/",
  host = "function.example",
  signature,
  body = BODY,
  length,
  extra = "",
}: MessageParts): Uint8Array {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const head = `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n` +
    (signature === undefined ? "" : `zitadel-signature: ${signature}\r\n`) +
    `content-type: application/json\r\n${extra}` +
    `content-length: ${length ?? bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}
