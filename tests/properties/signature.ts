/**
 * What holds for signatures: the header's grammar, and that nothing but what
 * ZITADEL signed is answered.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { parseSignatureHeader } from "../../lib/request/signature.ts";
import { createTestFunction } from "../lib/_function.ts";
import { anyEdit, anyText, editBytes, editText } from "./arbitraries.ts";
import { type Property, property } from "./property.ts";
import { createUpstreamOfAll } from "./upstream_of_all.ts";

/**
 * The header's grammar, written down a second time: pairs `name=value` divided
 * by commas; one `t` of plain digits; of the `v1` that are hex of 32 bytes at
 * least one and at most 15; everything else is passed over.
 */
function grammar(
  header: string,
): { timestamp: string; signatures: string[] } | undefined {
  if (!/^[^,=]*=[^,=]*(?:,[^,=]*=[^,=]*)*$/.test(header)) return undefined;
  const valuesOf = (name: string) =>
    [...header.matchAll(/(?:^|,)([^,=]*)=([^,=]*)/g)]
      .filter((pair) => pair[1] === name).map((pair) => pair[2]!);
  const [timestamp, ...others] = valuesOf("t");
  if (timestamp === undefined || others.length > 0) return undefined;
  if (!/^\d{1,15}$/.test(timestamp) || /^0./.test(timestamp)) return undefined;
  const signatures = valuesOf("v1").filter((hex) =>
    hex.length === 64 && /^[0-9a-f]+$/i.test(hex)
  );
  if (signatures.length < 1 || signatures.length > 15) return undefined;
  return {
    timestamp,
    signatures: signatures.map((hex) => hex.toLowerCase()),
  };
}

const hex = fc.array(fc.constantFrom(..."0123456789abcdefABCDEF"), {
  minLength: 64,
  maxLength: 64,
}).map((digits) => digits.join(""));

const anyPair = fc.oneof(
  hex.map((digits) => `v1=${digits}`),
  fc.nat().map((seconds) => `t=${seconds}`),
  fc.tuple(
    fc.constantFrom("t", "v1", "v0", "T", "V1", " t", " v1", "v1 ", ""),
    fc.oneof(
      fc.constantFrom("", "0", "00", "-1", "+1", "1e9", "0x10", "1.5", " 1"),
      fc.constantFrom("9".repeat(15), "9".repeat(16), "٣", "1_000"),
      hex.map((digits) => digits.slice(1)),
      hex.map((digits) => digits.replace(/./, "g")),
      fc.string(),
    ),
  ).map(([name, value]) => `${name}=${value}`),
  fc.string(),
);

const anyHeader = fc.oneof(
  fc.array(anyPair, { maxLength: 20 }).map((pairs) => pairs.join(",")),
  fc.tuple(fc.nat(), fc.array(hex, { minLength: 1, maxLength: 17 }), anyEdit)
    .map(([seconds, signatures, edit]) =>
      editText(
        [`t=${seconds}`, ...signatures.map((digits) => `v1=${digits}`)].join(),
        edit,
      )
    ),
  anyText,
);

const PRESENT = Date.parse("2026-11-24T00:00:00Z");
const KEYS = ["first-key", "second-key", "third-key"] as const;
const STRANGER = "key-of-somebody-else";
const BODY = new TextEncoder().encode(JSON.stringify({
  function: "function/preaccesstoken",
  org: { id: "1" },
  user_grants: [
    { project_id: "2", resource_owner: "1", state: 1, roles: ["viewer"] },
  ],
}));

function hmac(key: string, timestamp: string | number, body: Uint8Array) {
  return createHmac("sha256", key).update(`${timestamp}.`).update(body)
    .digest("hex");
}

/** ZITADEL's rule, by other means than the function's. */
function isSigned(header: string, body: Uint8Array): boolean {
  // Headers lose white space around them on their way.
  const parsed = grammar(header.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, ""));
  if (!parsed) return false;
  const { timestamp, signatures } = parsed;
  if (Math.abs(PRESENT / 1000 - Number(timestamp)) > 300) return false;
  return KEYS.some((key) => signatures.includes(hmac(key, timestamp, body)));
}

const NONE = { at: 0, remove: 0, insert: [] };

/** What holds for signatures. */
export const signatureProperties: readonly Property[] = [
  property(
    "parseSignatureHeader() agrees with the grammar",
    fc.property(anyHeader, (header) => {
      const parsed = parseSignatureHeader(header);
      assert.deepEqual(
        parsed && {
          timestamp: String(parsed.timestamp),
          signatures: parsed.signatures.map((bytes) => bytes.toHex()),
        },
        grammar(header),
      );
    }),
  ),
  property(
    "createHandler() answers what is signed, and refuses every other mutation before it looks anything up",
    fc.asyncProperty(
      fc.record({
        key: fc.constantFrom(...KEYS, ...KEYS, STRANGER),
        skew: fc.oneof(
          fc.integer({ min: -302, max: 302 }),
          fc.constantFrom(-301, -300, 300, 301),
          fc.integer(),
        ),
        editHeader: fc.oneof(fc.constant(NONE), anyEdit),
        editBody: fc.oneof(fc.constant(NONE), anyEdit),
        decoys: fc.array(hex, { maxLength: 3 }),
      }),
      async ({ key, skew, editHeader, editBody, decoys }) => {
        const timestamp = Math.max(0, PRESENT / 1000 + skew);
        const signatures = [...decoys, hmac(key, timestamp, BODY)];
        const header = editText(
          [`t=${timestamp}`, ...signatures.map((it) => `v1=${it}`)].join(","),
          editHeader,
        );
        const body = editBytes(BODY, editBody);
        const headers = new Headers();
        try {
          headers.set("zitadel-signature", header);
        } catch {
          return; // No HTTP message can carry it.
        }
        const { handle, log } = await shared;
        log.length = 0;
        const asked = upstream.requests;
        const { status } = await handle(
          new Request("https://function.example/", {
            method: "POST",
            headers,
            body,
          }),
        );
        if (isSigned(header, body)) {
          // An edit that changes nothing, such as a letter's case in the hex.
          assert.equal(status, 200, "signed, but not answered");
        } else {
          assert.equal(status, 401, "not signed, but not refused");
          assert.equal(upstream.requests, asked, "looked something up");
        }
      },
    ),
    { cost: 2 },
  ),
];

const upstream = createUpstreamOfAll();
const shared = createTestFunction({
  fetch: upstream.fetch,
  settings: { AUTHORIZATION_SIGNING_KEY: KEYS.join(",") },
  now: () => PRESENT,
});
