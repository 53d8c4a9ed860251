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

/** Targets that are no path of ours. */
const TARGETS = "* http://a:999999/ http://[/ http://%zz/ // /% /\xff".split(
  " ",
);

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
  const signature = sign(BODY);

  const kinds: Record<string, fc.Arbitrary<MessageParts | Uint8Array>> = {
    "no signature": fc.constant({}),
    "any text as signature": fieldValue.map((signature) => ({ signature })),
    "signatures of random bytes": fc.array(hex, { minLength: 1, maxLength: 20 })
      .map((all) => ({ signature: `t=${now},${all.map((it) => `v1=${it}`)}` })),
    "another key's signature": token.map((key) => ({
      signature: sign(BODY, now, `another-${key}`),
    })),
    "an old or future signature": fc.oneof(
      fc.integer({ min: 1_000, max: 2 ** 31 }),
      fc.integer({ min: -(2 ** 30), max: -1_000 }),
    ).map((age) => ({ signature: sign(BODY, Math.max(0, now - age)) })),
    "a changed body": fc.nat(BODY.length - 1).map((at) => ({
      signature,
      body: `${BODY.slice(0, at)}~${BODY.slice(at + 1)}`,
    })),
    "signed, but not a payload": fc.oneof(
      fc.json().filter((text) => !/"(function|event_type)"/.test(text)),
      fieldValue,
      fc.uint8Array({ maxLength: 200 })
        .map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.integer({ min: 1, max: 5_000 }).map((depth) => '{"a":'.repeat(depth)),
    ).map((text) => {
      const body = Buffer.from(text, "latin1");
      return { signature: sign(body), body };
    }),
    "another path": token.filter((path) => !/^\.+$/.test(path))
      .map((path) => ({ target: `/${path}`, signature })),
    "another method": fc.constantFrom("GET", "PUT", "DELETE", "OPTIONS", "X")
      .map((method) => ({ method, signature })),
    "a host that is none": fc.constantFrom(...HOSTS).map((host) => ({ host })),
    "a target of another form": fc.constantFrom(...TARGETS)
      .map((target) => ({ target })),
    "a length over the bound": fc.integer({ min: 10_485_761, max: 2 ** 40 })
      .map((length) => ({ signature, body: "", length })),
    "headers without end": fc.integer({ min: 1, max: 300 })
      .map((count) => ({ extra: "x: y\r\n".repeat(count) })),
    "not HTTP": fc.uint8Array({ minLength: 1, maxLength: 60 })
      .map((bytes) => Buffer.concat([bytes, Buffer.from("\r\n\r\n")])),
  };
  const any = fc.oneof(
    ...Object.entries(kinds).map(([kind, parts]) =>
      parts.map((parts) => ({ kind, bytes: bytesOf(parts) }))
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

function bytesOf(parts: MessageParts | Uint8Array): Uint8Array {
  if (parts instanceof Uint8Array) return parts;
  const { method = "POST", target = "/", host = "function.example" } = parts;
  const { signature, extra = "" } = parts;
  const body = Buffer.from(parts.body ?? BODY);
  const head = `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n` +
    (signature === undefined ? "" : `zitadel-signature: ${signature}\r\n`) +
    `connection: close\r\ncontent-type: application/json\r\n${extra}` +
    `content-length: ${parts.length ?? body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}
