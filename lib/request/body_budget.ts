/**
 * What bodies of unknown senders may take together: who sends a body is known
 * only once its last byte has come and its signature is decided.
 *
 * @module
 */
import { FunctionError } from "../errors.ts";
import { CHARGE_FACTOR, PendingBody } from "./pending_body.ts";

/** The most bytes that pending bodies are charged together; an edge isolate has 512 MB. */
export const MAX_CHARGED_BYTES = 64 * 1024 * 1024;

/**
 * The part of {@linkcode MAX_CHARGED_BYTES} that large bodies leave alone: a
 * complete body cannot be evicted, and three large forged ones would take it all.
 */
export const RESERVED_BYTES = 16 * 1024 * 1024;

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

/** What is charged to a part of the budget, and how much may be, in bytes. */
interface Share {
  charged: number;
  readonly maxBytes: number;
}

/**
 * Charges bodies until their signature is decided. A stranger who holds many
 * bodies open loses them to callers who send theirs: if the budget is full, the
 * body with the lowest rank makes room. Large bodies leave a part of it
 * to small ones.
 */
export class BodyBudget {
  /**
   * The bodies that are still arriving, oldest first. An array: V8 rebuilds a
   * Set after every few deletions, and what its discarded tables refer to
   * survives minor garbage collections, which costs a fifth of the throughput.
   */
  readonly #arriving: PendingBody[] = [];
  readonly #now: () => number;
  readonly #timeout: (ms: number) => AbortSignal;
  /** What all bodies take. */
  readonly #all: Share;
  /** What large bodies take of that. */
  readonly #large: Share;
  #isSweeping = false;

  /**
   * Creates an empty budget.
   *
   * @param options What it needs.
   */
  constructor(
    { now, timeout, maxBytes = MAX_CHARGED_BYTES }: BodyBudgetOptions,
  ) {
    this.#now = now;
    this.#timeout = timeout;
    this.#all = { charged: 0, maxBytes };
    this.#large = { charged: 0, maxBytes: maxBytes - RESERVED_BYTES };
  }

  /** How many bytes are charged. */
  get charged(): number {
    return this.#all.charged;
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
    this.#charge(body, body.charge);
    this.#arriving.push(body);
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
    const wasLarge = body.isLarge;
    body.received += bytes;
    if (body.length !== undefined) return;
    if (body.isLarge && !wasLarge) this.#large.charged += body.charge;
    const charge = CHARGE_FACTOR * bytes;
    this.#charge(body, charge);
    body.charge += charge;
  }

  /**
   * Keeps a body from being evicted: all of it is there.
   *
   * @param body The body.
   */
  complete(body: PendingBody): void {
    const index = this.#arriving.indexOf(body);
    if (index >= 0) this.#arriving.splice(index, 1);
  }

  /**
   * Charges a body no more.
   *
   * @param body The body.
   */
  release(body: PendingBody): void {
    this.complete(body);
    for (const share of this.#sharesOf(body)) share.charged -= body.charge;
    body.charge = 0;
  }

  #charge(body: PendingBody, bytes: number): void {
    const shares = this.#sharesOf(body);
    for (const share of shares) {
      if (!this.#canFree(share, bytes)) throw overloaded("not read");
    }
    for (const share of shares) {
      const isFull = () => share.charged + bytes > share.maxBytes;
      // Mostly one is enough, and finding it is cheaper than ranking all.
      if (isFull()) this.#evict(this.#slowest(share));
      if (isFull()) this.#evictSlowestUntil(() => !isFull(), share);
    }
    for (const share of shares) share.charged += bytes;
  }

  #sharesOf({ isLarge }: PendingBody): readonly Share[] {
    return isLarge ? [this.#large, this.#all] : [this.#all];
  }

  #arrivingIn(share: Share): PendingBody[] {
    return this.#arriving.filter((body) => body.isLarge || share === this.#all);
  }

  /** Reports whether a share has room, or would have without its arriving bodies. */
  #canFree(share: Share, bytes: number): boolean {
    let excess = share.charged + bytes - share.maxBytes;
    if (excess <= 0) return true;
    for (const { charge } of this.#arrivingIn(share)) excess -= charge;
    return excess <= 0;
  }

  /** Finds the arriving body with the lowest rank; of several, the oldest. */
  #slowest(share: Share): PendingBody {
    const now = this.#now();
    return this.#arrivingIn(share)
      .reduce((a, b) => b.rank(now) < a.rank(now) ? b : a);
  }

  /** Evicts the bodies with the lowest ranks, ranked once: a large body can need the room of thousands. */
  #evictSlowestUntil(isEnough: () => boolean, share: Share): void {
    const now = this.#now();
    const ranked = this.#arrivingIn(share)
      .map((body) => ({ body, rank: body.rank(now) }))
      .sort((a, b) => a.rank - b.rank);
    for (const { body } of ranked) {
      if (isEnough()) return;
      this.#evict(body);
    }
  }

  #evict(body: PendingBody): void {
    this.#refuse(body, overloaded("dropped for faster ones"));
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
    for (const body of [...this.#arriving]) {
      const age = now - body.since;
      if (
        age > BODY_TIMEOUT_MS ||
        age > GRACE_MS && body.showsProgress &&
          body.rate(now) < MIN_BYTES_PER_SECOND
      ) this.#refuse(body, tooSlow(age));
    }
    this.#isSweeping = false;
    if (this.#arriving.length > 0) this.#sweepLater();
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
