import assert from "node:assert/strict";
import {
  BODY_TIMEOUT_MS,
  BodyBudget,
  GRACE_MS,
  MAX_CHARGED_BYTES,
  MIN_BYTES_PER_SECOND,
  RESERVED_BYTES,
  SWEEP_MS,
} from "../../../lib/request/body_budget.ts";
import {
  CHARGE_FACTOR,
  MAX_RESERVE_BODY_BYTES,
  type PendingBody,
  READ_CHARGE_BYTES,
  UNKNOWN_LENGTH_CHARGE_BYTES,
} from "../../../lib/request/pending_body.ts";
import { type ErrorCode, FunctionError } from "../../../lib/errors.ts";
import { Clock } from "../_clock.ts";

const LENGTH = 1_000;
const CHARGE = READ_CHARGE_BYTES + CHARGE_FACTOR * LENGTH;

function createBudget(bodies: number) {
  const clock = new Clock();
  const maxBytes = bodies * CHARGE;
  return { clock, budget: new BodyBudget({ ...clock, maxBytes }) };
}

/** Which of the bodies were refused, by their index, and with which code. */
async function refusals(bodies: readonly PendingBody[]) {
  const codes = await Promise.all(
    bodies.map((body) =>
      body.untilRefused(Promise.resolve("")).catch((error) => {
        assert.ok(error instanceof FunctionError);
        return error.code;
      })
    ),
  );
  return Object.fromEntries(
    codes.map((code, index) => [index, code] as const)
      .filter(([, code]) => code !== ""),
  );
}

const hasCode = (code: ErrorCode) => (error: unknown) =>
  error instanceof FunctionError && error.code === code;

Deno.test("BodyBudget charges the announced length until the body is released", () => {
  const { budget } = createBudget(3);
  const body = budget.admit(LENGTH);
  assert.equal(budget.charged, CHARGE);
  budget.receive(body, LENGTH);
  budget.complete(body);
  assert.equal(budget.charged, CHARGE);
  budget.release(body);
  budget.release(body);
  assert.equal(budget.charged, 0);
});

Deno.test("BodyBudget charges the bytes received like announced ones, and a fixed part, when no length is announced", () => {
  const { budget } = createBudget(100);
  const body = budget.admit(undefined);
  assert.equal(budget.charged, UNKNOWN_LENGTH_CHARGE_BYTES);
  budget.receive(body, 500);
  assert.equal(
    budget.charged,
    UNKNOWN_LENGTH_CHARGE_BYTES + CHARGE_FACTOR * 500,
  );
  budget.release(body);
  assert.equal(budget.charged, 0);
});

Deno.test("BodyBudget evicts the body with the lowest average rate when it is full", async () => {
  const { clock, budget } = createBudget(3);
  const bodies = [1, 2, 3].map(() => budget.admit(LENGTH));
  clock.advance(100);
  budget.receive(bodies[0]!, 90_000);
  budget.receive(bodies[1]!, 10_000);
  budget.receive(bodies[2]!, 50_000);
  bodies.push(budget.admit(LENGTH));
  assert.deepEqual(await refusals(bodies), { 1: "overloaded" });
  assert.equal(budget.charged, 3 * CHARGE);
});

Deno.test("BodyBudget compares rates, not bytes", async () => {
  const { clock, budget } = createBudget(2);
  const old = budget.admit(LENGTH);
  clock.advance(1_000);
  const young = budget.admit(LENGTH);
  clock.advance(10);
  budget.receive(old, 90_000);
  budget.receive(young, 10_000);
  budget.admit(LENGTH);
  assert.deepEqual(await refusals([old, young]), { 0: "overloaded" });
});

Deno.test("BodyBudget evicts the oldest of several that are as slow", async () => {
  const { clock, budget } = createBudget(3);
  const bodies = [1, 2, 3].map(() => {
    clock.advance(100);
    return budget.admit(LENGTH);
  });
  bodies.push(budget.admit(LENGTH), budget.admit(LENGTH));
  assert.deepEqual(await refusals(bodies), {
    0: "overloaded",
    1: "overloaded",
  });
});

Deno.test("BodyBudget evicts no body before its first read while others have waited longer", async () => {
  const { clock, budget } = createBudget(3);
  const idle = budget.admit(LENGTH);
  const trickle = budget.admit(LENGTH);
  clock.advance(1_000);
  budget.receive(trickle, 1);
  const young = budget.admit(LENGTH);
  clock.advance(1);
  const strangers = [budget.admit(LENGTH), budget.admit(LENGTH)];
  assert.deepEqual(await refusals([idle, trickle, young, ...strangers]), {
    0: "overloaded",
    1: "overloaded",
  });
});

Deno.test("BodyBudget evicts as many as a large body needs, and none if that is not enough", async () => {
  const { budget } = createBudget(4);
  const whole = budget.admit(LENGTH);
  budget.complete(whole);
  const bodies = [1, 2, 3].map(() => budget.admit(LENGTH));
  const length = (charge: number) =>
    (charge - READ_CHARGE_BYTES) / CHARGE_FACTOR;
  assert.throws(
    () => budget.admit(length(4 * CHARGE)),
    hasCode("overloaded"),
  );
  assert.deepEqual(await refusals(bodies), {});
  budget.admit(length(2 * CHARGE));
  assert.deepEqual(await refusals(bodies), {
    0: "overloaded",
    1: "overloaded",
  });
  assert.equal(budget.charged, 4 * CHARGE);
});

Deno.test("BodyBudget evicts the slowest ones if a large body needs the room of several", async () => {
  const { clock, budget } = createBudget(4);
  const bodies = [1, 2, 3, 4].map(() => budget.admit(LENGTH));
  clock.advance(100);
  const received = [90_000, 10_000, 80_000, 20_000];
  for (const [index, bytes] of received.entries()) {
    budget.receive(bodies[index]!, bytes);
  }
  budget.admit((2 * CHARGE - READ_CHARGE_BYTES) / CHARGE_FACTOR);
  assert.deepEqual(await refusals(bodies), {
    1: "overloaded",
    3: "overloaded",
  });
});

Deno.test("BodyBudget evicts every arriving body if a large one needs just that", async () => {
  const { budget } = createBudget(2);
  const bodies = [budget.admit(LENGTH), budget.admit(LENGTH)];
  budget.admit((2 * CHARGE - READ_CHARGE_BYTES) / CHARGE_FACTOR);
  assert.deepEqual(await refusals(bodies), {
    0: "overloaded",
    1: "overloaded",
  });
  assert.equal(budget.charged, 2 * CHARGE);
});

Deno.test("BodyBudget never evicts a body that is complete", async () => {
  const { budget } = createBudget(2);
  const bodies = [budget.admit(LENGTH), budget.admit(LENGTH)];
  for (const body of bodies) budget.complete(body);
  assert.throws(() => budget.admit(LENGTH), hasCode("overloaded"));
  assert.deepEqual(await refusals(bodies), {});
  budget.release(bodies[0]!);
  budget.admit(LENGTH);
});

Deno.test("BodyBudget evicts a body of unknown length that outgrows the budget as the slowest", async () => {
  const { clock, budget } = createBudget(10);
  const fast = budget.admit(LENGTH);
  const slow = budget.admit(undefined);
  clock.advance(100);
  budget.receive(fast, 20 * CHARGE);
  budget.receive(slow, 2 * CHARGE);
  assert.deepEqual(await refusals([fast, slow]), { 1: "overloaded" });
  budget.release(slow);
  assert.equal(budget.charged, CHARGE);
});

/** The length of bodies of which `count` take all that large bodies may. */
function largeLength(count: number): number {
  const charge = (MAX_CHARGED_BYTES - RESERVED_BYTES) / count;
  return Math.floor((charge - READ_CHARGE_BYTES) / CHARGE_FACTOR);
}

/** A budget in which complete bodies take all that large ones may. */
function createForgedBudget() {
  const budget = new BodyBudget(new Clock());
  const forged = [1, 2, 3].map(() => budget.admit(largeLength(3)));
  for (const body of forged) budget.complete(body);
  return { budget, forged };
}

Deno.test("BodyBudget keeps a part for small bodies when large ones are complete", async (t) => {
  await t.step("of announced length", async () => {
    const { budget, forged } = createForgedBudget();
    assert.throws(
      () => budget.admit(MAX_RESERVE_BODY_BYTES + 1),
      hasCode("overloaded"),
    );
    const small = Array.from(
      { length: 20 },
      () => budget.admit(MAX_RESERVE_BODY_BYTES),
    );
    assert.deepEqual(await refusals(small), {});
    budget.release(forged[0]!);
    budget.admit(MAX_RESERVE_BODY_BYTES + 1);
  });
  await t.step("of unknown length, until it is large", () => {
    const { budget, forged } = createForgedBudget();
    const body = budget.admit(undefined);
    budget.receive(body, MAX_RESERVE_BODY_BYTES);
    assert.throws(() => budget.receive(body, 1), hasCode("overloaded"));
    for (const each of [body, ...forged]) budget.release(each);
    assert.equal(budget.charged, 0);
    budget.complete(budget.admit(largeLength(1)));
    assert.throws(() => budget.admit(largeLength(1)), hasCode("overloaded"));
  });
});

Deno.test("BodyBudget evicts large bodies only for a large one, while small ones are slower", async () => {
  const clock = new Clock();
  const budget = new BodyBudget(clock);
  const length = 7 * 1024 * 1024;
  const small = budget.admit(LENGTH);
  const large = [budget.admit(length), budget.admit(length)];
  clock.advance(100);
  for (const body of large) budget.receive(body, length - 1);
  budget.admit(length);
  assert.deepEqual(await refusals([small, ...large]), { 1: "overloaded" });
});

Deno.test("BodyBudget refuses a body below the minimum rate once its grace is over", async () => {
  const { clock, budget } = createBudget(10);
  const silent = budget.admit(LENGTH);
  const slow = budget.admit(LENGTH);
  const steady = budget.admit(LENGTH);
  budget.receive(slow, MIN_BYTES_PER_SECOND * GRACE_MS / 1_000 - 1);
  // Just at the rate when it is looked at.
  budget.receive(
    steady,
    MIN_BYTES_PER_SECOND * (GRACE_MS + SWEEP_MS) / 1_000,
  );
  clock.advance(GRACE_MS);
  assert.deepEqual(await refusals([silent, slow, steady]), {});
  clock.advance(SWEEP_MS);
  assert.deepEqual(await refusals([silent, slow, steady]), {
    0: "invalid_payload",
    1: "invalid_payload",
  });
  assert.equal(budget.charged, CHARGE);
});

Deno.test("BodyBudget refuses a body of any rate when it takes too long", async () => {
  const { clock, budget } = createBudget(10);
  const body = budget.admit(LENGTH);
  budget.receive(body, 1_000_000_000);
  clock.advance(BODY_TIMEOUT_MS);
  assert.deepEqual(await refusals([body]), {});
  clock.advance(SWEEP_MS);
  assert.deepEqual(await refusals([body]), { 0: "invalid_payload" });
});

Deno.test("BodyBudget runs one timer for all bodies, and none without any", () => {
  const { clock, budget } = createBudget(10);
  const bodies = [budget.admit(LENGTH), budget.admit(LENGTH)];
  assert.equal(clock.timers, 1);
  clock.advance(SWEEP_MS);
  assert.equal(clock.timers, 1);
  for (const body of bodies) budget.release(body);
  clock.advance(SWEEP_MS);
  assert.equal(clock.timers, 0);
  budget.release(budget.admit(LENGTH));
  assert.equal(clock.timers, 1);
});
