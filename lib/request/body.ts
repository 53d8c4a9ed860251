import { FunctionError } from "../errors.ts";
import { BodyBudget, type BodyBudgetOptions } from "./body_budget.ts";
import type { PendingBody } from "./pending_body.ts";

/**
 * The most bytes of a payload. ZITADEL sends a user's metadata whole: a user
 * with five values of the largest size makes 3.3 MB.
 */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

/**
 * Up to this length a body is read at once, in bytes. That is twice as fast as
 * reading chunks, and takes no more memory than a chunk's buffers; the payloads
 * of most users are shorter.
 */
export const READ_AT_ONCE_BYTES = 8 * 1024;

/** The least and the most that one read asks for, in bytes: Deno holds a buffer of that size, twice, while it waits. */
const READ_BYTES = { min: 8 * 1024, max: 64 * 1024 };

/**
 * Reads a request's body and passes it on. The body counts as pending until
 * `use`, which finds out who sent it, has settled.
 *
 * @param request The request.
 * @param use Takes the bytes as received.
 * @returns What `use` returns.
 * @throws {FunctionError} `payload_too_large` if the body is longer than {@linkcode MAX_PAYLOAD_BYTES},
 *   `overloaded` if there is no room for it, `invalid_payload` if it is too slow or breaks off.
 */
export type ReadBody = <T>(
  request: Request,
  use: (body: Uint8Array) => T | Promise<T>,
) => Promise<T>;

/**
 * Creates a reader of bodies that share one budget.
 *
 * @param options The clock, the timer and the size of the budget.
 * @returns The reader.
 */
export function createBodyReader(options: BodyBudgetOptions): ReadBody {
  const budget = new BodyBudget(options);

  return async function readBody(request, use) {
    const length = announcedLength(request);
    if (length !== undefined && length > MAX_PAYLOAD_BYTES) throw tooLarge();
    const pending = budget.admit(length);
    try {
      const body = await arrival(request, pending);
      budget.complete(pending);
      return await use(body);
    } finally {
      budget.release(pending);
    }
  };

  function arrival(
    request: Request,
    pending: PendingBody,
  ): Promise<Uint8Array> {
    const { length } = pending;
    // The server holds a client to the length it announced.
    if (length === undefined || length > READ_AT_ONCE_BYTES) {
      return readChunks(request, pending);
    }
    pending.showsProgress = false;
    return pending.untilRefused(request.bytes());
  }

  async function readChunks(
    request: Request,
    pending: PendingBody,
  ): Promise<Uint8Array> {
    if (!request.body) return new Uint8Array();
    const reader = openReader(request.body);
    let body = new Uint8Array(pending.length ?? READ_BYTES.min);
    let size = 0;
    for (;;) {
      const reading = reader.read(size);
      try {
        const chunk = await pending.untilRefused(reading);
        if (!chunk) return body.subarray(0, size);
        const offset = size;
        size += chunk.length;
        if (size > MAX_PAYLOAD_BYTES) throw tooLarge();
        budget.receive(pending, chunk.length);
        if (size > body.length) body = resize(body, grownLength(size));
        body.set(chunk, offset);
      } catch (error) {
        resize(body, 0); // Frees it now, not at the next garbage collection.
        // Deno 2.9 never frees a read that waits while its stream is cancelled.
        reading.then(() => reader.cancel()).catch(() => {});
        throw error;
      }
    }
  }
}

/** A length that is not one is as good as none. */
function announcedLength({ headers }: Request): number | undefined {
  const length = headers.get("content-length");
  return length !== null && /^[0-9]{1,15}$/.test(length)
    ? Number(length)
    : undefined;
}

/** Reads of a body's stream. */
interface ChunkReader {
  /** Reads some bytes, more if more were received; `undefined` at the end. */
  read(received: number): Promise<Uint8Array | undefined>;
  /** Ends the stream. */
  cancel(): Promise<void>;
}

/**
 * Opens a body for reads into buffers that start small: with the default
 * reader, a connection that sends one byte takes 64 KiB, twice.
 */
function openReader(stream: ReadableStream<Uint8Array>): ChunkReader {
  try {
    const reader = stream.getReader({ mode: "byob" });
    let buffer = new ArrayBuffer(READ_BYTES.min);
    return {
      async read(received) {
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

/** How long a full buffer gets: a half of spare room, in place of a copy a chunk. */
function grownLength(size: number): number {
  return Math.min(Math.ceil(1.5 * size), MAX_PAYLOAD_BYTES);
}

function resize(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer.transfer(length));
}

function tooLarge(): FunctionError {
  return new FunctionError(
    "payload_too_large",
    `Cannot take the payload: it is longer than ${MAX_PAYLOAD_BYTES} bytes`,
  );
}
