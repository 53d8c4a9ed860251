import assert from "node:assert/strict";
import {
  FIXTURES_URL,
  readFixture,
} from "../../../harness/fixtures/fixture.ts";
import {
  findSigningKey,
  importSigningKeys,
  isTimely,
  parseSignatureHeader,
} from "../../../lib/request/signature.ts";
import { signPayload } from "../../../harness/util/sign_payload.ts";
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

const vectors = (await Deno.readTextFile(
  new URL("signature_vectors.jsonl", FIXTURES_URL),
)).trim().split("\n").map((line) => JSON.parse(line) as Vector);

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

Deno.test("findSigningKey() agrees with ZITADEL's own validator", async (t) => {
  assert.equal(vectors.length, 2_000);
  const families = Map.groupBy(vectors, ({ family }) => family);
  for (const name of Object.keys(STRICTER)) assert.ok(families.has(name), name);
  for (const [family, cases] of families) {
    await t.step(family, async () => {
      const why = STRICTER[family];
      for (const vector of cases) {
        assert.equal(
          await accepts(vector),
          vector.verdict === "valid" && !why,
          JSON.stringify(vector),
        );
      }
      // A family that is stricter for no reason would hide a regression.
      if (why) assert.ok(cases.every(({ verdict }) => verdict === "valid"));
    });
  }
});

Deno.test("findSigningKey() refuses a recorded request when anything in it is changed", async (t) => {
  const { request, signing_key, clock } = await readFixture(
    new URL("calls/human_login.json", FIXTURES_URL),
  );
  const header = request.headers["zitadel-signature"]!;
  const body = encoder.encode(request.body);
  const recorded = {
    header,
    signing_key,
    now: Math.floor(Date.parse(clock) / 1000),
    body_base64: body.toBase64(),
  };
  assert.ok(await accepts(recorded));

  const [, timestamp, hex] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(header)!;
  const withBody = (bytes: Uint8Array) => ({
    ...recorded,
    body_base64: bytes.toBase64(),
  });
  const withHeader = (text: string) => ({ ...recorded, header: text });
  const flip = (bytes: Uint8Array, index: number) =>
    bytes.map((byte, i) => i === index ? byte ^ 1 : byte);
  const mutations: Record<string, typeof recorded[]> = {
    "a bit of the body": [0, body.length >> 1, body.length - 1]
      .map((index) => withBody(flip(body, index))),
    "the body's length": [
      withBody(body.subarray(1)),
      withBody(body.subarray(0, -1)),
      withBody(new Uint8Array()),
      withBody(Uint8Array.of(...body, 0x0a)),
    ],
    "a digit of the signature": Array.from(hex!, (digit, index) =>
      withHeader(
        `t=${timestamp},v1=${hex!.slice(0, index)}${digit === "0" ? "1" : "0"}${
          hex!.slice(index + 1)
        }`,
      )),
    "the signature's length": [
      withHeader(`t=${timestamp},v1=`),
      withHeader(`t=${timestamp},v1=${hex!.slice(2)}`),
      withHeader(`t=${timestamp},v1=${hex}00`),
    ],
    "the timestamp": [
      withHeader(`t=${Number(timestamp) + 1},v1=${hex}`),
      withHeader(`t=${Number(timestamp) - 1},v1=${hex}`),
      withHeader(`v1=${hex}`),
    ],
    "the signature's version": [withHeader(`t=${timestamp},v0=${hex}`)],
    "the key": [
      { ...recorded, signing_key: signing_key.toLowerCase() },
      { ...recorded, signing_key: `${signing_key} ` },
    ],
    "the time": [
      { ...recorded, now: recorded.now + 302 },
      { ...recorded, now: recorded.now - 302 },
    ],
  };
  for (const [name, cases] of Object.entries(mutations)) {
    await t.step(name, async () => {
      for (const mutated of cases) {
        assert.equal(await accepts(mutated), false, mutated.header);
      }
    });
  }
});

Deno.test("parseSignatureHeader() gives the timestamp and the signatures when the header is right", () => {
  assert.deepEqual(
    parseSignatureHeader(`x=1,v1=${SIGNATURE},t=1795469197,v1=${SIGNATURE}`),
    {
      timestamp: 1795469197,
      signatures: [
        new Uint8Array(32).fill(0xab),
        new Uint8Array(32).fill(0xab),
      ],
    },
  );
});

Deno.test("parseSignatureHeader() gives nothing when there is no header", () => {
  assert.equal(parseSignatureHeader(null), undefined);
  assert.equal(parseSignatureHeader(""), undefined);
});

Deno.test("parseSignatureHeader() gives nothing when a pair is not one", () => {
  const right = `t=1,v1=${SIGNATURE}`;
  assert.ok(parseSignatureHeader(right));
  for (const pair of ["", "x", "x=1=2", `v1=${SIGNATURE}=`, "t=1="]) {
    assert.equal(parseSignatureHeader(`${right},${pair}`), undefined, pair);
    assert.equal(parseSignatureHeader(`${pair},${right}`), undefined, pair);
  }
});

Deno.test("parseSignatureHeader() bounds the signatures that are tried", () => {
  const header = (count: number) => `t=1${`,v1=${SIGNATURE}`.repeat(count)}`;
  assert.equal(parseSignatureHeader(header(15))?.signatures.length, 15);
  assert.equal(parseSignatureHeader(header(16)), undefined);
});

Deno.test("isTimely() allows the tolerance in both directions and no more", () => {
  const now = 1_795_469_197_999;
  const seconds = Math.floor(now / 1000);
  for (const sign of [1, -1]) {
    const edge = seconds + sign * 300;
    assert.equal(isTimely(edge, now), true);
    assert.equal(isTimely(edge + sign, now), false);
  }
});

Deno.test("importSigningKeys() rejects when a key is empty", async () => {
  await assert.rejects(importSigningKeys([KEY, ""]), DOMException);
});

Deno.test("findSigningKey() tells which of several keys signed", async () => {
  const keys = await importSigningKeys(["old", KEY, "other"]);
  const body = encoder.encode("{}");
  const signedBy = async (secret: string) =>
    await findSigningKey(
      keys,
      parseSignatureHeader(await signPayload(secret, 1, body))!,
      body,
    );
  assert.equal(await signedBy("old"), 0);
  assert.equal(await signedBy(KEY), 1);
  assert.equal(await signedBy("other"), 2);
  assert.equal(await signedBy("foreign"), undefined);
});

Deno.test("findSigningKey() accepts when any of the signatures is right", async () => {
  const keys = await importSigningKeys([KEY]);
  const body = encoder.encode("{}");
  const right = await signPayload(KEY, 1, body);
  const header = parseSignatureHeader(
    right.replace(",", `,v1=${SIGNATURE},`),
  )!;
  assert.equal(header.signatures.length, 2);
  assert.equal(await findSigningKey(keys, header, body), 0);
});

/** Bodies of which the HMAC is computed at once, and one that is left to Web Crypto. */
const BODIES = {
  "empty": new Uint8Array(),
  "short": encoder.encode("{}"),
  "at the bound": new Uint8Array(8 * 1024).fill(0x61),
  "long": new Uint8Array(8 * 1024 + 1).fill(0x61),
};

Deno.test("findSigningKey() refuses a signature that differs in any one bit", async (t) => {
  const keys = await importSigningKeys([KEY]);
  for (const [name, body] of Object.entries(BODIES)) {
    const { timestamp, signatures: [right] } = parseSignatureHeader(
      await signPayload(KEY, 1, body),
    )!;
    for (const others of [[], [new Uint8Array(32)]]) {
      await t.step(`${name}, beside ${others.length} others`, async () => {
        const decides = (signature: Uint8Array) => {
          const signatures = [...others, signature];
          return findSigningKey(keys, { timestamp, signatures }, body);
        };
        assert.equal(await decides(right!), 0);
        for (let bit = 0; bit < 256; bit++) {
          const wrong = right!.slice();
          wrong[bit >> 3]! ^= 1 << (bit & 7);
          assert.equal(await decides(wrong), undefined, `bit ${bit}`);
        }
        for (
          const wrong of [
            right!.slice(1),
            right!.slice(0, -1),
            Uint8Array.of(...right!, 0),
            new Uint8Array(),
          ]
        ) {
          assert.equal(
            await decides(wrong),
            undefined,
            `${wrong.length} bytes`,
          );
        }
      });
    }
  }
});

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

Deno.test("findSigningKey() finds the right one of several signatures", async () => {
  const body = encoder.encode("{}");
  const right = (await signPayload(KEY, 1, body)).split("v1=")[1];
  const keys = await importSigningKeys(["old", KEY]);
  for (let place = 0; place < 3; place++) {
    const all = Array.from({ length: 3 }, () => SIGNATURE as string);
    all[place] = right!;
    const header = parseSignatureHeader(
      `t=1${all.map((it) => `,v1=${it}`).join("")}`,
    )!;
    assert.equal(await findSigningKey(keys, header, body), 1);
  }
});
