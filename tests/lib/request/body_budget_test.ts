import assert from "node:assert/strict";
import type { ErrorCode, FunctionError } from "../../../lib/errors.ts";
import {
  BodyBudget,
  type PendingBody,
} from "../../../lib/request/body_budget.ts";
import { Clock } from "../_clock.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const LANE = 32 * MIB;
const DEADLINE_MS = 10_000;
/** The longest short body. */
const SHORT = 256 * KIB;
/** A large body of which four fill their lane: three times its bytes and 56 KiB are charged. */
const LARGE = Math.floor((LANE / 4 - 56 * KIB) / 3);
/** How many bodies fit into a lane before anything of them has arrived. */
const MAX_BODIES = Math.floor(LANE / (56 * KIB));

/** A budget, and what it refused, by the order in which bodies were admitted. */
function createBudget() {
  const clock = new Clock();
  const budget = new BodyBudget(clock);
  const refused: Record<number, ErrorCode> = {};
  let admitted = 0;

  /** Admits a body that announces a length, 0 for none, and receives bytes of it. */
  function admit(length: number, received = 0): PendingBody {
    const body = budget.admit(length);
    const index = admitted++;
    body.onRefused = ({ code }) => refused[index] = code;
    if (received > 0) budget.receive(body, received);
    return body;
  }

  /** Fills a lane with complete bodies. */
  function fill(length: number): PendingBody[] {
    const count = Math.floor(LANE / (56 * KIB + 3 * length));
    return Array.from({ length: count }, () => {
      const body = admit(length, length);
      budget.complete(body);
      return body;
    });
  }
  return { clock, budget, refused, admit, fill };
}

const isOverloaded = ({ code }: FunctionError) => code === "overloaded";

Deno.test("BodyBudget refuses the oldest arriving bodies when their lane is full", () => {
  const { budget, refused, admit } = createBudget();
  const bodies = [1, 2, 3, 4].map(() => admit(LARGE, LARGE - 1));
  assert.deepEqual(refused, {});
  const fifth = admit(LARGE, 1);
  assert.deepEqual(refused, { 0: "overloaded" });
  budget.receive(bodies[3]!, 1);
  budget.receive(fifth, LARGE - 1);
  assert.deepEqual(refused, { 0: "overloaded" });
  admit(2 * LARGE, 2 * LARGE);
  assert.deepEqual(refused, {
    0: "overloaded",
    1: "overloaded",
    2: "overloaded",
  });
});

Deno.test("BodyBudget charges what arrives, not what is announced", () => {
  for (const length of [1, SHORT, 10 * MIB]) {
    const { refused, admit } = createBudget();
    for (let i = 0; i < MAX_BODIES; i++) admit(length);
    assert.deepEqual(refused, {});
    admit(length);
    assert.deepEqual(refused, { 0: "overloaded" });
  }
});

Deno.test("BodyBudget never refuses a complete body, but the one that would need its room", () => {
  const { budget, refused, admit, fill } = createBudget();
  const [first] = fill(LARGE);
  assert.throws(() => admit(LARGE), isOverloaded);
  budget.release(first!);
  const body = admit(2 * LARGE);
  assert.throws(() => budget.receive(body, 2 * LARGE), isOverloaded);
  admit(LARGE, LARGE);
  assert.deepEqual(refused, { 4: "overloaded" });
});

Deno.test("BodyBudget takes no more of a body that it refused", () => {
  const { budget, admit, fill } = createBudget();
  const arriving = admit(LARGE, 1);
  for (const body of fill(LARGE)) budget.release(body);
  assert.throws(() => budget.receive(arriving, 1), isOverloaded);
  assert.throws(() => budget.complete(arriving), isOverloaded);
});

Deno.test("BodyBudget keeps short and large bodies out of each other's way", async (t) => {
  await t.step("complete ones", () => {
    const { refused, admit, fill } = createBudget();
    fill(LARGE);
    assert.throws(() => admit(SHORT + 1), isOverloaded);
    fill(SHORT);
    assert.throws(() => admit(SHORT, SHORT), isOverloaded);
    assert.throws(() => admit(SHORT + 1), isOverloaded);
    assert.deepEqual(Object.values(refused), ["overloaded"]);
  });
  await t.step("arriving ones", () => {
    const { refused, admit } = createBudget();
    admit(SHORT);
    admit(SHORT + 1);
    for (let i = 0; i < MAX_BODIES; i++) admit(SHORT + 1);
    assert.deepEqual(refused, { 1: "overloaded" });
    for (let i = 0; i < MAX_BODIES; i++) admit(SHORT);
    assert.deepEqual(refused, { 0: "overloaded", 1: "overloaded" });
  });
});

Deno.test("BodyBudget counts a body without a length among the large ones once it is large", () => {
  const { budget, refused, admit, fill } = createBudget();
  const large = fill(LARGE);
  const [short] = fill(SHORT);
  budget.release(short!);
  const growing = admit(0, SHORT);
  assert.deepEqual(refused, {});
  assert.throws(() => budget.receive(growing, 1), isOverloaded);
  // Its room among the short ones is free again.
  budget.complete(admit(0, SHORT));
  budget.release(large[0]!);
  admit(0, LARGE);
  assert.deepEqual(Object.values(refused), ["overloaded"]);
});

Deno.test("BodyBudget gives each body its time, with one timer for all", () => {
  const { clock, budget, refused, admit } = createBudget();
  admit(SHORT);
  clock.advance(1_000);
  admit(LARGE, LARGE - 1);
  budget.complete(admit(SHORT, SHORT));
  assert.equal(clock.timers, 1);
  clock.advance(DEADLINE_MS - 1_001);
  assert.deepEqual(refused, {});
  clock.advance(1);
  assert.deepEqual(refused, { 0: "invalid_payload" });
  assert.equal(clock.timers, 1);
  clock.advance(999);
  assert.deepEqual(refused, { 0: "invalid_payload" });
  clock.advance(1);
  assert.deepEqual(refused, { 0: "invalid_payload", 1: "invalid_payload" });
  assert.equal(clock.timers, 0);
  admit(SHORT);
  assert.equal(clock.timers, 1);
});

Deno.test("BodyBudget gives back what a body took when it is refused or released", () => {
  const { clock, budget, refused, admit, fill } = createBudget();
  for (const length of [SHORT, LARGE]) {
    for (const body of fill(length)) {
      budget.release(body);
      budget.release(body);
    }
    for (let i = 0; i < 4; i++) admit(length, length - 1);
  }
  clock.advance(DEADLINE_MS);
  const late = Object.keys(refused).length;
  assert.equal(late, 8);
  fill(SHORT);
  fill(LARGE);
  assert.equal(Object.keys(refused).length, late);
});

Deno.test("BodyBudget waits no longer when the clock is set back", () => {
  const waits: number[] = [];
  const timers: AbortController[] = [];
  let now = 1_000_000;
  const budget = new BodyBudget({
    now: () => now,
    timeout(ms) {
      waits.push(ms);
      timers.push(new AbortController());
      return timers.at(-1)!.signal;
    },
  });
  budget.admit(1);
  now -= 3_600_000;
  timers.pop()!.abort();
  assert.deepEqual(waits, [DEADLINE_MS, DEADLINE_MS]);
});
