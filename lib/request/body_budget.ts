/**
 * What bodies of unknown senders may take together: who sends a body is known
 * only once its last byte has come and its signature is decided.
 *
 * @module
 */
import { FunctionError } from "../errors.ts";

/** The most bytes that pending bodies are charged together; an edge isolate has 512 MB. */
export const MAX_CHARGED_BYTES = 64 * 1024 * 1024;

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

/** What a body of unknown length is charged beside its bytes. */
export const UNKNOWN_LENGTH_CHARGE_BYTES = 64 * 1024;

/** How long a body may arrive at any rate, in milliseconds. */
export const GRACE_MS = 5_000;

/** The least average rate after that, in bytes a second. Both are Kestrel's defaults. */
export const MIN_BYTES_PER_SECOND = 240;

/**
 * How long a body may take to arrive, in milliseconds. ZITADEL sends it at
 * once, and gives up on a call after that time by default.
 */
export const BODY_TIMEOUT_MS = 10_000;

/** How often pending bodies are looked at, in milliseconds: one timer for all, since a timer each costs a twentieth of a call. */
export const SWEEP_MS = 1_000;

/** What a budget needs. */
export interface BodyBudgetOptions {
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Returns a signal that is aborted after so many milliseconds. */
  readonly timeout: (ms: number) => AbortSignal;
  /** The most bytes to charge together; {@linkcode MAX_CHARGED_BYTES} by default. */
  readonly maxBytes?: number;
}

/** A body that is charged. */
export class PendingBody {
  /** Rejects once the body is refused; its reader races each read against it. */
  readonly refused: Promise<never>;
  /** The announced length in bytes, if there is one. */
  readonly length: number | undefined;
  /** When its reading began, in milliseconds since 1970. */
  readonly since: number;
  /** How many bytes it is charged. */
  charge: number;
  /** How many bytes are known to have arrived. */
  received = 0;
  /** Whether its progress can be seen; a body that is read at once shows none before its end. */
  isVisible = true;
  /** Ends its reading. */
  readonly refuse: (error: FunctionError) => void;

  /**
   * Creates a body of which nothing has arrived.
   *
   * @param length The announced length in bytes, if there is one.
   * @param since When its reading began, in milliseconds since 1970.
   */
  constructor(length: number | undefined, since: number) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.refused = promise;
    this.refuse = reject;
    this.length = length;
    this.since = since;
    this.charge = length === undefined
      ? UNKNOWN_LENGTH_CHARGE_BYTES
      : READ_CHARGE_BYTES + CHARGE_FACTOR * length;
  }

  /**
   * Returns the average rate since its reading began.
   *
   * @param now The time, in milliseconds since 1970.
   * @returns The rate in bytes a second.
   */
  rate(now: number): number {
    return this.received / Math.max(now - this.since, 1) * 1_000;
  }
}

/**
 * Charges bodies until their signature is decided. A stranger who holds many
 * bodies open loses them to callers who send theirs: if the budget is full, the
 * body with the lowest average rate makes room.
 */
export class BodyBudget {
  /** The bodies that are still arriving, oldest first. */
  readonly #arriving = new Set<PendingBody>();
  readonly #now: () => number;
  readonly #timeout: (ms: number) => AbortSignal;
  readonly #maxBytes: number;
  #charged = 0;
  #isSweeping = false;

  /**
   * Creates an empty budget.
   *
   * @param options What it needs.
   */
  constructor({ now, timeout, maxBytes }: BodyBudgetOptions) {
    this.#now = now;
    this.#timeout = timeout;
    this.#maxBytes = maxBytes ?? MAX_CHARGED_BYTES;
  }

  /** How many bytes are charged. */
  get charged(): number {
    return this.#charged;
  }

  /**
   * Charges a body before it is read. It evicts others, never itself: it has
   * had no time to arrive.
   *
   * @param length The announced length in bytes, if there is one.
   * @returns The body. Give it back to {@linkcode release}.
   * @throws {FunctionError} `overloaded` if evicting every arriving body would not make room.
   */
  admit(length: number | undefined): PendingBody {
    const body = new PendingBody(length, this.#now());
    this.#charge(body.charge);
    this.#arriving.add(body);
    if (!this.#isSweeping) this.#sweepLater();
    return body;
  }

  /**
   * Counts bytes that arrived, and charges them unless the announced length
   * covers them. The body itself may be the slowest, and be refused.
   *
   * @param body The body.
   * @param bytes How many bytes arrived.
   * @throws {FunctionError} `overloaded` if there is no room for them.
   */
  receive(body: PendingBody, bytes: number): void {
    body.received += bytes;
    if (body.length !== undefined) return;
    this.#charge(bytes);
    body.charge += bytes;
  }

  /**
   * Keeps a body from being evicted: all of it is there.
   *
   * @param body The body.
   */
  complete(body: PendingBody): void {
    this.#arriving.delete(body);
  }

  /**
   * Charges a body no more.
   *
   * @param body The body.
   */
  release(body: PendingBody): void {
    this.#arriving.delete(body);
    this.#charged -= body.charge;
    body.charge = 0;
  }

  #charge(bytes: number): void {
    while (this.#charged + bytes > this.#maxBytes) {
      const slowest = this.#canFree(bytes) ? this.#slowest() : undefined;
      if (!slowest) throw overloaded("not read");
      this.#refuse(slowest, overloaded("dropped for faster ones"));
    }
    this.#charged += bytes;
  }

  /** Reports whether there would be room without the arriving bodies. */
  #canFree(bytes: number): boolean {
    let arriving = 0;
    for (const { charge } of this.#arriving) arriving += charge;
    return this.#charged - arriving + bytes <= this.#maxBytes;
  }

  /** Finds the arriving body with the lowest average rate; of several, the oldest. */
  #slowest(): PendingBody | undefined {
    const now = this.#now();
    let slowest: PendingBody | undefined;
    let lowest = Infinity;
    for (const body of this.#arriving) {
      const rate = body.rate(now);
      if (rate >= lowest) continue;
      slowest = body;
      lowest = rate;
    }
    return slowest;
  }

  #refuse(body: PendingBody, error: FunctionError): void {
    this.release(body);
    body.refuse(error);
  }

  #sweepLater(): void {
    this.#isSweeping = true;
    const signal = this.#timeout(SWEEP_MS);
    signal.addEventListener("abort", () => this.#sweep(), { once: true });
  }

  #sweep(): void {
    const now = this.#now();
    for (const body of this.#arriving) {
      const age = now - body.since;
      if (
        age > BODY_TIMEOUT_MS ||
        age > GRACE_MS && body.isVisible &&
          body.rate(now) < MIN_BYTES_PER_SECOND
      ) this.#refuse(body, tooSlow(age));
    }
    this.#isSweeping = false;
    if (this.#arriving.size > 0) this.#sweepLater();
  }
}

function overloaded(outcome: string): FunctionError {
  return new FunctionError(
    "overloaded",
    `Cannot take the payload: too many are arriving at once, and this one was ${outcome}`,
    {
      remedy:
        "Find out who sends requests that no signing key has signed, and block them in front of the function",
    },
  );
}

function tooSlow(ageMs: number): FunctionError {
  return new FunctionError(
    "invalid_payload",
    `Cannot read the payload: it is incomplete after ${
      Math.floor(ageMs / 1_000)
    } s`,
  );
}
