import { FunctionError } from "./errors.ts";

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
 * Reads a request's body.
 *
 * @returns The bytes as received.
 * @throws {FunctionError} Where the body is longer than {@linkcode MAX_PAYLOAD_BYTES}, too slow or broken off.
 */
export type ReadBody = (request: Request) => Promise<Uint8Array>;

/**
 * Makes a reader of bodies, which counts while it reads.
 *
 * @returns The reader.
 */
export function createBodyReader(): ReadBody {
  let outstanding = 0;
  return async (request) => {
    const length = request.headers.get("content-length");
    if (Number(length) > MAX_PAYLOAD_BYTES) throw tooLarge();
    outstanding++;
    try {
      // The server holds a client to the length it announced, and reading the
      // whole at once is several times as fast as reading chunks.
      const body = length === null ? readChunks(request) : request.bytes();
      return await (outstanding > UNTIMED_BODIES ? inTime(body) : body);
    } catch (error) {
      throw error instanceof FunctionError ? error : brokenOff(error);
    } finally {
      outstanding--;
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

async function readChunks(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_PAYLOAD_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return concatenate(chunks, size);
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

function brokenOff(cause?: unknown): FunctionError {
  return new FunctionError(
    "invalid_payload",
    "The payload broke off, or took too long to arrive",
    { cause },
  );
}
