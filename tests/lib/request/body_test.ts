import assert from "node:assert/strict";
import { createBodyReader } from "../../../lib/request/body.ts";
import { testEach } from "../../_test_each.ts";
import { Clock } from "../_clock.ts";
import { fails } from "../_fails.ts";

const CHUNK_BYTES = 64 * 1024;
const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
/** The longest body that is read at once. */
const READ_AT_ONCE_BYTES = 8 * 1024;
const DEADLINE_MS = 10_000;

/** A reader that returns the bytes, and charges them no longer. */
function createReader(clock = new Clock()) {
  const read = createBodyReader(clock);
  return async (request: Request) => {
    const { bytes, release } = await read(request);
    release();
    return bytes;
  };
}

const readBody = createReader();
const isOverloaded = fails("overloaded");
const isTooLarge = fails("payload_too_large");
const settle = () => new Promise((resolve) => setTimeout(resolve));

/** A body of chunks that counts how much of it was taken. */
function chunked(bytes: number) {
  const state = { sent: 0, isCancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const length = Math.min(CHUNK_BYTES, bytes - state.sent);
      if (length === 0) return controller.close();
      controller.enqueue(new Uint8Array(length).fill(0x61));
      state.sent += length;
    },
    cancel: () => void (state.isCancelled = true),
  }, { highWaterMark: 0 });
  return { state, stream };
}

/** A body whose bytes come when they are sent, as from a socket. */
function socket() {
  let controller!: ReadableByteStreamController;
  let isCancelled = false;
  const stream = new ReadableStream({
    type: "bytes",
    start: (given) => void (controller = given),
    cancel: () => void (isCancelled = true),
  });
  return {
    stream,
    isCancelled: () => isCancelled,
    send: (bytes: number) => controller.enqueue(new Uint8Array(bytes)),
    end() {
      controller.close();
      controller.byobRequest?.respond(0);
    },
  };
}

function post(body: BodyInit | null, announced?: number | string): Request {
  const headers = new Headers();
  if (announced !== undefined) headers.set("content-length", `${announced}`);
  return new Request("http://localhost/", { method: "POST", body, headers });
}

/** A request with a body of so many bytes, announced. */
const whole = (bytes: number) => post(chunked(bytes).stream, bytes);

const BYTES = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);

testEach<[expected: Uint8Array, () => Request]>(
  "createBodyReader() gives the bytes as they came",
  {
    "of known length": [BYTES, () => post(BYTES, 300)],
    "in chunks": [
      BYTES,
      () =>
        post(ReadableStream.from([
          BYTES.subarray(0, 7),
          BYTES.subarray(7, 299),
          BYTES.subarray(299),
        ])),
    ],
    "none": [new Uint8Array(), () => post(null)],
  },
  async ([expected, create]) =>
    assert.deepEqual(await readBody(create()), expected),
);

Deno.test("createBodyReader() takes a body of exactly the limit, in no more memory", async () => {
  for (const announced of [MAX_PAYLOAD_BYTES, undefined]) {
    const { stream } = chunked(MAX_PAYLOAD_BYTES);
    const body = await readBody(post(stream, announced));
    assert.equal(body.length, MAX_PAYLOAD_BYTES);
    assert.equal(body.at(-1), 0x61);
    assert.equal(body.buffer.byteLength, MAX_PAYLOAD_BYTES);
  }
  const half = await readBody(post(chunked(MAX_PAYLOAD_BYTES / 2).stream));
  assert.ok(half.buffer.byteLength <= 1.5 * half.length);
});

Deno.test("createBodyReader() reads nothing when the announced length is over the limit", async () => {
  const { stream, state } = chunked(1_000);
  const request = post(stream, MAX_PAYLOAD_BYTES + 1);
  await assert.rejects(readBody(request), isTooLarge);
  assert.equal(state.sent, 0);
});

Deno.test("createBodyReader() stops reading when the chunks go over the limit", async () => {
  const { stream, state } = chunked(10 * MAX_PAYLOAD_BYTES);
  await assert.rejects(readBody(post(stream)), isTooLarge);
  assert.ok(state.sent <= MAX_PAYLOAD_BYTES + 2 * CHUNK_BYTES);
  assert.equal(state.isCancelled, true);
});

Deno.test("createBodyReader() refuses a body that breaks off", async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("connection reset")),
  });
  await assert.rejects(readBody(post(broken)), fails("invalid_payload"));
});

const PARTS = [1, 8_191, 1, 70_000, 70_000, 3];
const SIZE = PARTS.reduce((sum, part) => sum + part);

testEach<number | undefined>(
  "createBodyReader() reads a body that arrives bit by bit",
  {
    "of known length": SIZE,
    "in chunks": undefined,
    "longer than announced": READ_AT_ONCE_BYTES + 1,
  },
  async (announced) => {
    const { stream, send, end } = socket();
    const body = readBody(post(stream, announced));
    for (const part of PARTS) {
      send(part);
      await settle();
    }
    end();
    assert.equal((await body).length, SIZE);
  },
);

testEach<number | undefined>(
  "createBodyReader() refuses a body that takes too long, and ends its stream once no read waits",
  { "short": 10, "long": READ_AT_ONCE_BYTES + 1, "in chunks": undefined },
  async (announced, name) => {
    const clock = new Clock();
    const { stream, send, isCancelled } = socket();
    let isOver = false;
    const body = createReader(clock)(post(stream, announced));
    const message = /it is incomplete after 10 s$/;
    const refused = assert.rejects(
      body,
      fails("invalid_payload", undefined, { message }),
    ).finally(() => isOver = true);
    clock.advance(DEADLINE_MS - 1);
    await settle();
    assert.equal(isOver, false);
    clock.advance(1);
    await refused;
    if (name !== "in chunks") return;
    await settle();
    assert.equal(isCancelled(), false);
    send(1);
    await settle();
    assert.equal(isCancelled(), true);
  },
);

Deno.test("createBodyReader() charges a body until it is released, and nothing of one that it refused", async () => {
  const read = createBodyReader(new Clock());
  const tooLong = post(chunked(MAX_PAYLOAD_BYTES + 1).stream);
  await assert.rejects(read(tooLong), isTooLarge);
  const { release } = await read(whole(MAX_PAYLOAD_BYTES));
  await assert.rejects(read(whole(MAX_PAYLOAD_BYTES)), isOverloaded);
  release();
  await read(whole(MAX_PAYLOAD_BYTES));
});

Deno.test("createBodyReader() takes a length that is no number for none", async () => {
  for (const length of ["NaN", "-1", "1e3", "5, 5", ""]) {
    assert.equal((await readBody(post("abc", length))).length, 3);
  }
});

Deno.test("createBodyReader() asks for little until much has come", async () => {
  const asked: number[] = [];
  const parts = [1, 1, 64 * 1024, 1];
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const part = parts[asked.length];
      asked.push(controller.byobRequest!.view!.byteLength);
      if (part) return controller.enqueue(new Uint8Array(part));
      controller.close();
      controller.byobRequest!.respond(0);
    },
  });
  await readBody(post(stream));
  const little = 8 * 1024;
  assert.ok(asked[0]! <= little && asked[1]! <= little, asked.join());
  assert.ok(asked.at(-1)! > little, asked.join());
});
