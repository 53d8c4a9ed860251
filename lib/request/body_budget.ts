import { FunctionError } from "../errors.ts";
import type { Clock } from "../util/clock.ts";

/**
 * Longer bodies go into a lane of their own, in bytes: unknown senders may slow
 * those down, but not shorter ones. Nearly all payloads are shorter.
 */
export const LARGE_BODY_BYTES = 256 * 1024;

/** The most that the bodies of one lane are charged; an edge isolate has 512 MB. */
const MAX_LANE_BYTES = 32 * 1024 * 1024;

/**
 * How much memory a body takes for each byte: as received, with the timestamp
 * in front, and as the copy that Web Crypto takes. Measured with Deno 2.9: a body
 * of 10 MB takes 31 MB while its signature is checked.
 */
const CHARGE_FACTOR = 3;

/**
 * What a body takes beside that, in bytes, with its connection. Measured with
 * Deno 2.9: 4,096 bodies of which nothing has arrived take 54 KiB each.
 */
const READ_CHARGE_BYTES = 56 * 1024;

/**
 * How long a body may take to arrive, in milliseconds. ZITADEL sends it at
 * once, and by default gives up on a call after that time.
 */
const BODY_TIMEOUT_MS = 10_000;

/** A body whose sender is unknown. */
export interface PendingBody {
  /** Bodies of similar length, which compete for the same memory. */
  lane: { charged: number };
  /** In milliseconds since 1970. */
  readonly since: number;
  /** In bytes of memory; 0 once it is refused or released. */
  charge: number;
  /** In bytes of the body. */
  received: number;
  /** Is told why the body is refused while it arrives. */
  onRefused: (error: FunctionError) => void;
}

/**
 * Bounds the memory of bodies whose sender is unknown: who sent a body is known
 * only once all of it has arrived and its signature is decided. When a lane is
 * full, the oldest body that is still arriving makes room, so a stranger who
 * holds bodies open cannot keep out callers who send theirs at once.
 */
export class BodyBudget {
  /**
   * Of both lanes, oldest first. An array: V8 rebuilds a Set after every few
   * deletions, and what its discarded tables refer to survives minor garbage
   * collections, which costs a fifth of the throughput.
   */
  readonly #arriving: PendingBody[] = [];
  readonly #small = { charged: 0 };
  readonly #large = { charged: 0 };
  readonly #clock: Clock;
  #isWatching = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Admits a body before it is read. Charged are the bytes that arrive, not
   * those announced, so announcing them pushes no one else out.
   *
   * @param length The announced length in bytes, 0 if there is none.
   * @throws {FunctionError} `overloaded` if the lane is full of complete bodies.
   */
  admit(length: number): PendingBody {
    const body: PendingBody = {
      lane: length > LARGE_BODY_BYTES ? this.#large : this.#small,
      since: this.#clock.now(),
      charge: 0,
      received: 0,
      onRefused: () => {},
    };
    this.#charge(body, READ_CHARGE_BYTES);
    this.#arriving.push(body);
    this.#watch();
    return body;
  }

  /**
   * Charges bytes that arrived.
   *
   * @throws {FunctionError} `overloaded` if there is no room for them.
   */
  receive(body: PendingBody, bytes: number): void {
    if (body.charge === 0) throw overloaded();
    body.received += bytes;
    this.#uncharge(body);
    if (body.received > LARGE_BODY_BYTES) body.lane = this.#large;
    this.#charge(body, READ_CHARGE_BYTES + CHARGE_FACTOR * body.received);
  }

  /** Keeps a body from being refused: all of it is there. */
  complete(body: PendingBody): void {
    if (body.charge === 0) throw overloaded();
    this.#remove(body);
  }

  /** Ends the charge of a body. */
  release(body: PendingBody): void {
    this.#remove(body);
    this.#uncharge(body);
  }

  #uncharge(body: PendingBody): void {
    body.lane.charged -= body.charge;
    body.charge = 0;
  }

  #charge(body: PendingBody, bytes: number): void {
    const { lane } = body;
    while (lane.charged + bytes > MAX_LANE_BYTES) {
      const oldest = this.#arriving.find((other) => other.lane === lane);
      if (oldest) this.#refuse(oldest, overloaded());
      if (!oldest || oldest === body) throw overloaded();
    }
    lane.charged += bytes;
    body.charge = bytes;
  }

  #remove(body: PendingBody): void {
    const index = this.#arriving.indexOf(body);
    if (index >= 0) this.#arriving.splice(index, 1);
  }

  #refuse(body: PendingBody, error: FunctionError): void {
    this.release(body);
    body.onRefused(error);
  }

  /** One timer for all bodies, since a timer each costs a twentieth of a call. */
  #watch(): void {
    const [oldest] = this.#arriving;
    if (this.#isWatching || !oldest) return;
    this.#isWatching = true;
    const ms = oldest.since + BODY_TIMEOUT_MS - this.#clock.now();
    // A clock that was set back must not prolong it.
    const signal = this.#clock.timeout(Math.min(ms, BODY_TIMEOUT_MS));
    signal.addEventListener("abort", () => this.#refuseLate(), { once: true });
  }

  #refuseLate(): void {
    const end = this.#clock.now() - BODY_TIMEOUT_MS;
    const message = `Cannot read the payload: it is incomplete after ${
      BODY_TIMEOUT_MS / 1_000
    } s`;
    for (const body of this.#arriving.filter(({ since }) => since <= end)) {
      this.#refuse(body, new FunctionError("invalid_payload", message));
    }
    this.#isWatching = false;
    this.#watch();
  }
}

function overloaded(): FunctionError {
  return new FunctionError(
    "overloaded",
    "Cannot take the payload: too many are arriving at once",
    {
      remedy:
        "Find out who sends requests that no signing key has signed, and block them in front of the function",
    },
  );
}
