import assert from "node:assert/strict";
import { createBodyReader } from "../../../lib/request/body.ts";
import { type ErrorCode, FunctionError } from "../../../lib/errors.ts";
import { Clock } from "../_clock.ts";

/** A reader that returns the bytes. */
function createReader(clock = new Clock()) {
  const read = createBodyReader(clock);
  return async (request: Request) => {
    const { bytes, release } = await read(request);
    release();
    return bytes;
  };
}

const readBody = createReader();
const CHUNK_BYTES = 64 * 1024;
const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
/** The longest body that is read at once. */
const READ_AT_ONCE_BYTES = 8 * 1024;
const DEADLINE_MS = 10_000;

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

const announce = (bytes: number) => ({ "content-length": String(bytes) });
const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("createBodyReader() reads a body that arrives bit by bit", async (t) => {
  const parts = [1, 8_191, 1, 70_000, 70_000, 3];
  const size = parts.reduce((sum, part) => sum + part);
  for (
    const [name, headers] of Object.entries({
      "of known length": announce(size),
      "in chunks": {},
      "longer than announced": announce(READ_AT_ONCE_BYTES + 1),
    })
  ) {
    await t.step(name, async () => {
      const { stream, send, end } = socket();
      const body = readBody(post(stream, headers));
      for (const part of parts) {
        send(part);
        await settle();
      }
      end();
      assert.equal((await body).length, size);
    });
  }
});

Deno.test("createBodyReader() refuses a body that takes too long", async (t) => {
  for (
    const [name, headers] of Object.entries({
      "short": announce(10),
      "long": announce(READ_AT_ONCE_BYTES + 1),
      "in chunks": {},
    })
  ) {
    await t.step(name, async () => {
      const clock = new Clock();
      const { stream } = socket();
      const body = createReader(clock)(post(stream, headers));
      const refused = assert.rejects(body, (error) => {
        assert.match(String(error), /it is incomplete after 10 s$/);
        return hasCode("invalid_payload")(error);
      });
      clock.advance(DEADLINE_MS);
      await refused;
    });
  }
});

Deno.test("createBodyReader() ends a refused body's stream only when no read waits", async () => {
  const clock = new Clock();
  const { stream, send, isCancelled } = socket();
  const body = createReader(clock)(post(stream));
  const refused = assert.rejects(body, hasCode("invalid_payload"));
  clock.advance(DEADLINE_MS);
  await refused;
  await settle();
  assert.equal(isCancelled(), false);
  send(1);
  await settle();
  assert.equal(isCancelled(), true);
});

Deno.test("createBodyReader() holds a body without a length in at most 1.5 times its bytes", async () => {
  const { stream } = chunked(MAX_PAYLOAD_BYTES / 2);
  const body = await readBody(post(stream));
  assert.ok(body.buffer.byteLength <= 1.5 * body.length);
  const { stream: longest } = chunked(MAX_PAYLOAD_BYTES);
  const { buffer } = await readBody(post(longest));
  assert.equal(buffer.byteLength, MAX_PAYLOAD_BYTES);
});

Deno.test("createBodyReader() drops stalled bodies for one that arrives", async () => {
  const readBody = createReader();
  const stalled = [1, 2].map(() => {
    const { stream, send } = socket();
    send(MAX_PAYLOAD_BYTES / 2);
    return readBody(post(stream, announce(MAX_PAYLOAD_BYTES)));
  });
  const dropped = stalled.map((body) =>
    assert.rejects(body, hasCode("overloaded"))
  );
  await settle();
  const { stream } = chunked(MAX_PAYLOAD_BYTES);
  const body = readBody(post(stream, announce(MAX_PAYLOAD_BYTES)));
  assert.equal((await body).length, MAX_PAYLOAD_BYTES);
  await Promise.all(dropped);
});

Deno.test("createBodyReader() charges a body until it is released", async () => {
  const read = createBodyReader(new Clock());
  const longest = () =>
    post(chunked(MAX_PAYLOAD_BYTES).stream, announce(MAX_PAYLOAD_BYTES));
  const { release } = await read(longest());
  await assert.rejects(read(longest()), hasCode("overloaded"));
  release();
  await read(longest());
});

Deno.test("createBodyReader() charges nothing of a body that it refused", async () => {
  const read = createBodyReader(new Clock());
  const { stream } = chunked(MAX_PAYLOAD_BYTES + 1);
  await assert.rejects(read(post(stream)), hasCode("payload_too_large"));
  const { stream: longest } = chunked(MAX_PAYLOAD_BYTES);
  await read(post(longest, announce(MAX_PAYLOAD_BYTES)));
});

Deno.test("createBodyReader() bounds the short bodies that are complete, too", async () => {
  const read = createBodyReader(new Clock());
  const bytes = 256 * 1024;
  const body = () => post(chunked(bytes).stream, announce(bytes));
  const count = Math.floor(32 * 1024 / (56 + 3 * 256));
  for (let i = 0; i < count; i++) await read(body());
  await assert.rejects(read(body()), hasCode("overloaded"));
});

Deno.test("createBodyReader() takes a length that is no number for none", async () => {
  for (const length of ["NaN", "-1", "1e3", "5, 5", ""]) {
    const request = post("abc", { "content-length": length });
    assert.equal((await readBody(request)).length, 3);
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
