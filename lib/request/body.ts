import { FunctionError } from "../errors.ts";
import type { Clock } from "../util/clock.ts";
import { BodyBudget, type PendingBody } from "./body_budget.ts";

/**
 * The most bytes of a payload. ZITADEL sends a user's metadata whole: a user
 * with five values of the largest size makes 3.3 MB.
 */
const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

/**
 * Up to this length a body is read at once, in bytes. That is twice as fast as
 * reading chunks, and takes no more memory than a chunk's buffers; the payloads
 * of most users are shorter.
 */
const READ_AT_ONCE_BYTES = 8 * 1024;

/** The least and the most that one read asks for, in bytes: Deno holds a buffer of that size, twice, while it waits. */
const READ_BYTES = { min: 8 * 1024, max: 64 * 1024 };

/** Creates a reader of bodies that share one budget. */
export function createBodyReader(clock: Clock) {
  const budget = new BodyBudget(clock);

  /**
   * Reads a request's body. Release it once it is decided who sent it.
   *
   * @throws {FunctionError} `payload_too_large` if the body is longer than 10 MiB,
   *   `overloaded` if there is no room for it, `invalid_payload` if it is too slow or breaks off.
   */
  return async function readBody(request: Request) {
    const length = announcedLength(request);
    if (length !== undefined && length > MAX_PAYLOAD_BYTES) throw tooLarge();
    const pending = budget.admit(length ?? 0);
    try {
      // The server holds a client to the length it announced.
      const isShort = length !== undefined && length <= READ_AT_ONCE_BYTES;
      const bytes = isShort
        ? await untilRefused(pending, request.bytes())
        : await readChunks(request, pending, length ?? MAX_PAYLOAD_BYTES);
      budget.complete(pending);
      return { bytes, release: () => budget.release(pending) };
    } catch (error) {
      budget.release(pending);
      throw error;
    }
  };

  async function readChunks(
    request: Request,
    pending: PendingBody,
    likelyLength: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (!request.body) return new Uint8Array();
    const reader = openReader(request.body);
    let body = new Uint8Array(READ_BYTES.min);
    for (;;) {
      const { received } = pending;
      const reading = reader.read(received);
      try {
        const chunk = await untilRefused(pending, reading);
        if (!chunk) return body.subarray(0, received);
        const size = received + chunk.length;
        if (size > MAX_PAYLOAD_BYTES) throw tooLarge();
        budget.receive(pending, chunk.length);
        if (size > body.length) {
          // A half of spare room, in place of a copy a chunk.
          const spacious = Math.min(Math.ceil(1.5 * size), likelyLength);
          body = resize(body, Math.max(size, spacious));
        }
        body.set(chunk, received);
      } catch (error) {
        resize(body, 0); // Frees it now, not at the next garbage collection.
        // Deno 2.9 never frees a read that waits while its stream is cancelled.
        reading.then(() => reader.cancel()).catch(() => {});
        throw error;
      }
    }
  }
}

/** `undefined` if the header is missing or malformed. */
function announcedLength({ headers }: Request): number | undefined {
  const length = headers.get("content-length");
  return length !== null && /^[0-9]{1,15}$/.test(length)
    ? Number(length)
    : undefined;
}

/** Waits for a read, but no longer than until its body is refused. */
function untilRefused<T>(pending: PendingBody, reading: Promise<T>) {
  // One promise: `Promise.race` slows a call down measurably.
  return new Promise<T>((resolve, reject) => {
    pending.onRefused = reject;
    reading.then(resolve, (cause) => {
      const message = "Cannot read the payload: it broke off";
      reject(new FunctionError("invalid_payload", message, { cause }));
    });
  });
}

/**
 * Opens a body for reads into a buffer that starts small: with the default
 * reader, a connection that sends one byte takes 64 KiB, twice. A read asks for
 * more once more was received, and brings `undefined` at the end.
 */
function openReader(stream: ReadableStream<Uint8Array>) {
  try {
    const reader = stream.getReader({ mode: "byob" });
    let buffer = new ArrayBuffer(READ_BYTES.min);
    return {
      async read(received: number) {
        const { min, max } = READ_BYTES;
        const bytes = received < max ? min : max;
        if (buffer.byteLength < bytes) buffer = new ArrayBuffer(bytes);
        const { value, done } = await reader.read(new Uint8Array(buffer));
        if (done) return undefined;
        buffer = value.buffer;
        return value;
      },
      cancel: () => reader.cancel(),
    };
  } catch {
    // A body that has arrived whole is not a byte stream: no read waits.
    const reader = stream.getReader();
    return {
      read: async () => (await reader.read()).value,
      cancel: () => reader.cancel(),
    };
  }
}

function resize(bytes: Uint8Array<ArrayBuffer>, length: number) {
  return new Uint8Array(bytes.buffer.transfer(length));
}

function tooLarge(): FunctionError {
  return new FunctionError(
    "payload_too_large",
    `Cannot take the payload: it is longer than ${MAX_PAYLOAD_BYTES} bytes`,
  );
}
