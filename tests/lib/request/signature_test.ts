import assert from "node:assert/strict";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import {
  findSigningKey,
  importSigningKeys,
  isTimely,
  parseSignatureHeader,
} from "../../../lib/request/signature.ts";
import { signPayload } from "../../../harness/util/sign_payload.ts";
import { testEach } from "../../_test_each.ts";
import { HmacWatch } from "./_hmacs.ts";

const KEY = "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp";
const SIGNATURE = "ab".repeat(32);
const encoder = new TextEncoder();

/** Where the function is stricter than ZITADEL's own validator, and why. */
const STRICTER: Readonly<Record<string, string>> = {
  future_305: "a timestamp ahead of the tolerance would live that much longer",
  future_100000: "the same: a day ahead could be replayed for a day",
  timestamp_plus: "the signed text is `+1...`, and no sender writes that",
  timestamp_leading_zero: "the same: `01...` is not how a sender writes a time",
  two_timestamps_last_right: "two timestamps: either may be the signed one",
  many_signatures: "a rotation needs two",
};

interface Vector {
  readonly family: string;
  readonly now: number;
  readonly signing_key: string;
  readonly header: string;
  readonly body_base64: string;
  readonly verdict: string;
}

const file = await Deno.open(
  new URL("signature_vectors.jsonl.gz", FIXTURES_URL),
);
const vectors = (await new Response(
  file.readable.pipeThrough(new DecompressionStream("gzip")),
).text()).trim().split("\n").map((line) => JSON.parse(line) as Vector);

/** Verifies as the handler does: header, time, then body. */
async function accepts(
  { header, now, signing_key, body_base64 }: Omit<Vector, "family" | "verdict">,
): Promise<boolean> {
  const parsed = parseSignatureHeader(header);
  if (!parsed || !isTimely(parsed.timestamp, now * 1000)) return false;
  const keys = await importSigningKeys([signing_key]);
  const body = Uint8Array.fromBase64(body_base64);
  return await findSigningKey(keys, parsed, body) === 0;
}

const families = Object.fromEntries(
  Map.groupBy(vectors, ({ family }) => family),
);

testEach(
  "findSigningKey() agrees with ZITADEL's own validator in 2,000 vectors",
  families,
  async (cases, family) => {
    assert.equal(vectors.length, 2_000);
    const why = STRICTER[family];
    for (const vector of cases) {
      const expected = vector.verdict === "valid" && !why;
      assert.equal(await accepts(vector), expected, JSON.stringify(vector));
    }
    // A family that is stricter for no reason would hide a regression.
    if (why) assert.ok(cases.every(({ verdict }) => verdict === "valid"));
  },
);

Deno.test("the vectors have every family in which the function is stricter", () => {
  for (const name of Object.keys(STRICTER)) assert.ok(families[name], name);
});

Deno.test("importSigningKeys() rejects when a key is empty", async () => {
  await assert.rejects(importSigningKeys([KEY, ""]), DOMException);
});

/** Bodies of which the HMAC is computed at once, and one that is left to Web Crypto. */
const BODIES = {
  "empty": new Uint8Array(),
  "short": encoder.encode("{}"),
  "at the bound": new Uint8Array(8 * 1024).fill(0x61),
  "long": new Uint8Array(8 * 1024 + 1).fill(0x61),
};

testEach(
  "findSigningKey() refuses a signature that differs in any one bit, or in its length",
  BODIES,
  async (body) => {
    const keys = await importSigningKeys([KEY]);
    const { timestamp, signatures: [right] } = parseSignatureHeader(
      await signPayload(KEY, 1, body),
    ) as { timestamp: number; signatures: [Uint8Array] };
    const bits = Array.from({ length: 256 }, (_, bit) => {
      const wrong = right.slice();
      wrong[bit >> 3]! ^= 1 << (bit & 7);
      return wrong;
    });
    const shorter = [right.slice(1), right.slice(0, -1), new Uint8Array()];
    const longer = Uint8Array.of(...right, 0);
    for (const others of [[], [new Uint8Array(32)]]) {
      const decide = (signature: Uint8Array) => {
        const signatures = [...others, signature];
        return findSigningKey(keys, { timestamp, signatures }, body);
      };
      assert.equal(await decide(right), 0);
      for (const wrong of [...bits, ...shorter, longer]) {
        assert.equal(await decide(wrong), undefined, wrong.toHex());
      }
    }
  },
);

Deno.test("findSigningKey() decides at once for a short body, and leaves long ones to another thread", async () => {
  const keys = await importSigningKeys(["old", KEY]);
  for (const [name, body] of Object.entries(BODIES)) {
    const header = parseSignatureHeader(await signPayload(KEY, 1, body))!;
    const found = findSigningKey(keys, header, body);
    assert.equal(found instanceof Promise, name === "long", name);
    assert.equal(await found, 1, name);
  }
});

Deno.test("findSigningKey() keeps apart calls whose HMACs are computed at the same time", async () => {
  const keys = await importSigningKeys([KEY]);
  const calls = await Promise.all(
    [10, 20_000, 20, 30_000].map(async (length, index) => {
      const body = new Uint8Array(length).fill(index);
      const secret = index < 2 ? KEY : "foreign";
      const signature = await signPayload(secret, 1, body);
      return { body, header: parseSignatureHeader(signature)! };
    }),
  );
  const found = calls.map(({ body, header }) =>
    findSigningKey(keys, header, body)
  );
  assert.deepEqual(await Promise.all(found), [0, 0, undefined, undefined]);
});

Deno.test("findSigningKey() computes one HMAC a key of one copy of a long body, whatever the number of signatures", async () => {
  const keys = await importSigningKeys(["old", KEY]);
  const header = parseSignatureHeader(
    `t=1${`,v1=${SIGNATURE}`.repeat(15)}`,
  )!;
  using watch = new HmacWatch();
  assert.equal(await findSigningKey(keys, header, BODIES.long), undefined);
  assert.equal(watch.messages.length, keys.length);
  assert.equal(new Set(watch.messages).size, 1);
});
