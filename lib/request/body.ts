import { FunctionError } from "../errors.ts";

/**
 * The most bytes of a payload. ZITADEL sends a user's metadata whole: a user
 * with five values of the largest size makes 3.3 MB.
 */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

/**
 * How long a body may take to arrive, in milliseconds. ZITADEL sends it at
 * once; the bound sends away clients that hold a connection open.
 */
export const BODY_TIMEOUT_MS = 10_000;

/**
 * How many bodies may be on their way without that bound: a timer for each
 * costs a twentieth of a call, and so few held connections harm nobody.
 */
export const UNTIMED_BODIES = 100;

/**
 * Up to this size a body is read at once, which is quicker but takes four times
 * its size while it arrives.
 */
export const SMALL_BODY_BYTES = 64 * 1024;

/**
 * The most bytes of larger bodies that may be on their way together. Who sends
 * them is not known before the last byte, and an edge isolate has 512 MB.
 */
export const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/**
 * Reads a request's body and hands it on. While it is used, to find out who
 * sent it, its bytes count as on their way.
 *
 * @param request The request.
 * @param use What to do with the bytes as received.
 * @returns What `use` gives.
 * @throws {FunctionError} Where the body is longer than {@linkcode MAX_PAYLOAD_BYTES}, too slow or broken off.
 */
export type ReadBody = <T>(
  request: Request,
  use: (body: Uint8Array) => T | Promise<T>,
) => Promise<T>;

/**
 * Makes a reader of bodies, which counts while it reads.
 *
 * @returns The reader.
 */
export function createBodyReader(): ReadBody {
  let outstanding = 0;
  let pendingBytes = 0;
  return async (request, use) => {
    const length = request.headers.get("content-length");
    if (Number(length) > MAX_PAYLOAD_BYTES) throw tooLarge();
    outstanding++;
    let size = 0;
    try {
      const body = await read();
      return await use(body);
    } finally {
      outstanding--;
      pendingBytes -= size;
    }

    async function read(): Promise<Uint8Array> {
      try {
        // The server holds a client to the length it announced, and reading the
        // whole at once is several times as fast as reading chunks.
        if (length !== null && Number(length) <= SMALL_BODY_BYTES) {
          const body = request.bytes();
          return await (outstanding > UNTIMED_BODIES ? inTime(body) : body);
        }
        return await readChunks(request, (bytes) => {
          size += bytes;
          pendingBytes += bytes;
          if (size > MAX_PAYLOAD_BYTES) throw tooLarge();
          if (pendingBytes > MAX_PENDING_BYTES) throw tooMany();
        });
      } catch (error) {
        throw error instanceof FunctionError ? error : brokenOff(error);
      }
    }
  };
}

async function inTime(body: Promise<Uint8Array>): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(brokenOff()), BODY_TIMEOUT_MS);
  });
  try {
    return await Promise.race([body, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads chunks, each of which `take` may refuse. */
async function readChunks(
  request: Request,
  take: (bytes: number) => void,
): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {});
  }, BODY_TIMEOUT_MS);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (isLate) throw brokenOff();
      if (done) return concatenate(chunks, size);
      take(value.length);
      chunks.push(value);
      size += value.length;
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function concatenate(
  chunks: readonly Uint8Array[],
  size: number,
): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

function tooLarge(): FunctionError {
  return new FunctionError(
    "payload_too_large",
    `The payload is longer than ${MAX_PAYLOAD_BYTES} bytes`,
  );
}

function tooMany(): FunctionError {
  return new FunctionError(
    "payload_too_large",
    `Payloads on their way take more than ${MAX_PENDING_BYTES} bytes together`,
  );
}

function brokenOff(cause?: unknown): FunctionError {
  return new FunctionError(
    "invalid_payload",
    "The payload broke off, or took too long to arrive",
    { cause },
  );
}
