import assert from "node:assert/strict";
import {
  BODY_TIMEOUT_MS,
  createBodyReader as createReader,
  MAX_PAYLOAD_BYTES,
  MAX_PENDING_BYTES,
  SMALL_BODY_BYTES,
  UNTIMED_BODIES,
} from "../../../lib/request/body.ts";
import { type ErrorCode, FunctionError } from "../../../lib/errors.ts";

/** A reader that gives the bytes. */
function createBodyReader() {
  const read = createReader();
  return (request: Request) => read(request, (body) => body);
}

const readBody = createBodyReader();
const CHUNK_BYTES = 64 * 1024;

/** A body of chunks that counts how much of it was taken. */
function chunked(bytes: number) {
  const state = { sent: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const length = Math.min(CHUNK_BYTES, bytes - state.sent);
      if (length === 0) return controller.close();
      controller.enqueue(new Uint8Array(length).fill(0x61));
      state.sent += length;
    },
    cancel() {
      state.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { state, stream };
}

function post(body: BodyInit | null, headers: HeadersInit = {}): Request {
  return new Request("http://localhost/", { method: "POST", body, headers });
}

function hasCode(code: ErrorCode) {
  return (error: unknown) => {
    assert.ok(error instanceof FunctionError);
    assert.equal(error.code, code);
    return true;
  };
}

Deno.test("createBodyReader() gives the bytes as they came", async (t) => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
  await t.step("of known length", async () => {
    const request = post(bytes, { "content-length": "300" });
    assert.deepEqual(await readBody(request), bytes);
  });
  await t.step("in chunks", async () => {
    const stream = ReadableStream.from([
      bytes.subarray(0, 7),
      bytes.subarray(7, 299),
      bytes.subarray(299),
    ]);
    assert.deepEqual(await readBody(post(stream)), bytes);
  });
  await t.step("none", async () => {
    assert.deepEqual(await readBody(post(null)), new Uint8Array());
  });
});

Deno.test("createBodyReader() takes a body of exactly the limit", async (t) => {
  await t.step("of known length", async () => {
    const request = post(new Uint8Array(MAX_PAYLOAD_BYTES), {
      "content-length": String(MAX_PAYLOAD_BYTES),
    });
    assert.equal((await readBody(request)).length, MAX_PAYLOAD_BYTES);
  });
  await t.step("in chunks", async () => {
    const { stream } = chunked(MAX_PAYLOAD_BYTES);
    const body = await readBody(post(stream));
    assert.equal(body.length, MAX_PAYLOAD_BYTES);
    assert.equal(body.at(-1), 0x61);
  });
});

Deno.test("createBodyReader() reads nothing when the announced length is over the limit", async () => {
  const { stream, state } = chunked(1_000);
  const request = post(stream, {
    "content-length": String(MAX_PAYLOAD_BYTES + 1),
  });
  await assert.rejects(readBody(request), hasCode("payload_too_large"));
  assert.equal(state.sent, 0);
});

Deno.test("createBodyReader() stops reading when the chunks go over the limit", async () => {
  const { stream, state } = chunked(10 * MAX_PAYLOAD_BYTES);
  await assert.rejects(readBody(post(stream)), hasCode("payload_too_large"));
  assert.ok(state.sent <= MAX_PAYLOAD_BYTES + 2 * CHUNK_BYTES);
  assert.equal(state.cancelled, true);
});

Deno.test("createBodyReader() refuses a body that breaks off", async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error("connection reset"));
    },
  });
  await assert.rejects(readBody(post(broken)), hasCode("invalid_payload"));
});

Deno.test("createBodyReader() refuses a body that takes too long when many are on their way", async (t) => {
  for (
    const [name, headers] of [
      ["of known length", { "content-length": "10" }],
      ["in chunks", {}],
    ] as const
  ) {
    await t.step(name, async () => {
      const readBody = createBodyReader();
      using clock = new Timers();
      const many = Array.from({ length: UNTIMED_BODIES }, () => {
        const { readable, writable } = new TransformStream<Uint8Array>();
        const small = post(readable, { "content-length": "0" });
        return { writable, body: readBody(small) };
      });
      assert.deepEqual(clock.delays, []);
      const late = readBody(post(new ReadableStream(), headers));
      assert.deepEqual(clock.delays, [BODY_TIMEOUT_MS]);
      clock.fire();
      await assert.rejects(late, hasCode("invalid_payload"));
      for (const { writable, body } of many) {
        await writable.close();
        assert.equal((await body).length, 0);
      }
    });
  }
});

Deno.test("createBodyReader() leaves no timer and no count behind", async () => {
  const readBody = createBodyReader();
  const small = () => post("{}", { "content-length": "2" });
  using clock = new Timers();
  for (let round = 0; round < 2; round++) {
    await Promise.all(
      Array.from({ length: UNTIMED_BODIES + 1 }, () => readBody(small())),
    );
  }
  const refused = post("{}", { "content-length": "99999999" });
  for (let i = 0; i <= UNTIMED_BODIES; i++) {
    await assert.rejects(readBody(refused));
  }
  await readBody(small());
  assert.deepEqual(clock.delays, [BODY_TIMEOUT_MS, BODY_TIMEOUT_MS]);
  assert.deepEqual(clock.cleared, clock.delays);
});

Deno.test("createBodyReader() refuses bodies that take too much together, and takes them again afterwards", async () => {
  const readBody = createBodyReader();
  const whole = Math.floor(MAX_PENDING_BYTES / MAX_PAYLOAD_BYTES);
  // Each sends all but its end.
  const ends: ReadableStreamDefaultController[] = [];
  const bodies = Array.from({ length: whole }, () => {
    let sent = 0;
    return readBody(post(
      new ReadableStream<Uint8Array>({
        start(controller) {
          ends.push(controller);
        },
        pull(controller) {
          if (sent >= MAX_PAYLOAD_BYTES) return;
          sent += 1024 * 1024;
          controller.enqueue(new Uint8Array(1024 * 1024));
        },
      }, { highWaterMark: 0 }),
    ));
  });
  const { stream } = chunked(MAX_PAYLOAD_BYTES);
  await assert.rejects(readBody(post(stream)), hasCode("payload_too_large"));
  const small = post("{}", { "content-length": "2" });
  assert.equal((await readBody(small)).length, 2, "a small body is refused");
  for (const end of ends) end.close();
  await Promise.all(bodies);
  const again = chunked(MAX_PAYLOAD_BYTES);
  assert.equal(
    (await readBody(post(again.stream))).length,
    MAX_PAYLOAD_BYTES,
  );
});

Deno.test("createBodyReader() gives every large body its time", async () => {
  const readBody = createBodyReader();
  using clock = new Timers();
  const length = String(SMALL_BODY_BYTES + 1);
  const large = post(new ReadableStream(), { "content-length": length });
  const body = readBody(large);
  assert.deepEqual(clock.delays, [BODY_TIMEOUT_MS]);
  clock.fire();
  await assert.rejects(body, hasCode("invalid_payload"));
});

/** Stands in for timers, which only fire when told to. */
class Timers implements Disposable {
  readonly delays: number[] = [];
  readonly cleared: number[] = [];
  readonly #callbacks: (() => void)[] = [];
  readonly #real = { setTimeout, clearTimeout };

  constructor() {
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, ms: number) => {
        this.#callbacks.push(callback);
        return this.delays.push(ms);
      },
      clearTimeout: (id: number) =>
        void this.cleared.push(this.delays[id - 1]!),
    });
  }

  fire(): void {
    for (const callback of this.#callbacks) callback();
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}
