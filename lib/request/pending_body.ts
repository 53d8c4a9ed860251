import { FunctionError } from "../errors.ts";

/**
 * How much memory a body takes for each byte: as received, with the timestamp
 * in front, and as the copy that WebCrypto takes. Measured with Deno 2.9: a body
 * of 10 MB takes 31 MB while its signature is checked.
 */
export const CHARGE_FACTOR = 3;

/**
 * What reading takes beside that, in bytes. Measured with Deno 2.9: 300 bodies
 * of 64 KiB, each without its last byte, take 211 KiB each.
 */
export const READ_CHARGE_BYTES = 16 * 1024;

/** What a body of unknown length is charged in place of that, since its buffer grows. */
export const UNKNOWN_LENGTH_CHARGE_BYTES = 64 * 1024;

/** What the first read of a body brings at most, in bytes. */
const FIRST_READ_BYTES = 8 * 1024;

/** The most bytes of a body that may use the reserved part of the budget; nearly all payloads are shorter. */
export const MAX_RESERVE_BODY_BYTES = 256 * 1024;

/** A body that is charged. */
export class PendingBody {
  /** The announced length in bytes, if there is one. */
  readonly length: number | undefined;
  /** When its reading began, in milliseconds since 1970. */
  readonly since: number;
  /** How many bytes it is charged. */
  charge: number;
  /** How many bytes are known to have arrived. */
  received = 0;
  /** Whether its progress can be seen; a body that is read at once shows none before its end. */
  showsProgress = true;
  #refusal: FunctionError | undefined;
  #endRead: ((error: FunctionError) => void) | undefined;

  /**
   * Creates a body of which nothing has arrived.
   *
   * @param length The announced length in bytes, if there is one.
   * @param since When its reading began, in milliseconds since 1970.
   */
  constructor(length: number | undefined, since: number) {
    this.length = length;
    this.since = since;
    this.charge = length === undefined
      ? UNKNOWN_LENGTH_CHARGE_BYTES
      : READ_CHARGE_BYTES + CHARGE_FACTOR * length;
  }

  /**
   * Waits for a read of it, but no longer than until it is refused.
   *
   * @param reading The read.
   * @returns What the read brings.
   * @throws {FunctionError} What {@linkcode refuse} was given, or `invalid_payload` if the read fails.
   */
  untilRefused<T>(reading: Promise<T>): Promise<T> {
    // One promise a body: `Promise.race` makes a call measurably slower.
    return new Promise((resolve, reject) => {
      if (this.#refusal) reject(this.#refusal);
      this.#endRead = reject;
      reading.then(resolve, (cause) => reject(brokenOff(cause)));
    });
  }

  /**
   * Ends its reading.
   *
   * @param error Why.
   */
  refuse(error: FunctionError): void {
    this.#refusal = error;
    this.#endRead?.(error);
  }

  /** Whether it must leave the reserved part of the budget alone. */
  get isLarge(): boolean {
    return (this.length ?? this.received) > MAX_RESERVE_BODY_BYTES;
  }

  /**
   * Returns the average rate since its reading began.
   *
   * @param now The time, in milliseconds since 1970.
   * @returns The rate in bytes a second.
   */
  rate(now: number): number {
    return rateOf(this.received, now - this.since);
  }

  /**
   * Returns the rate by which bodies are ranked when one must make room. Each
   * counts with the bytes of its first read at least: a body that was just
   * admitted is not slow, and a short one shows no progress before its end.
   *
   * @param now The time, in milliseconds since 1970.
   * @returns The rate in bytes a second.
   */
  rank(now: number): number {
    return rateOf(Math.max(this.received, FIRST_READ_BYTES), now - this.since);
  }
}

function rateOf(bytes: number, ms: number): number {
  return bytes / Math.max(ms, 1) * 1_000;
}

function brokenOff(cause: unknown): FunctionError {
  return new FunctionError(
    "invalid_payload",
    "Cannot read the payload: it broke off",
    { cause },
  );
}
