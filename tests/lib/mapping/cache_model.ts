/**
 * A model of the cache against which every order of calls, changes, events,
 * KV's and ZITADEL's answers, outages and restarts is tried.
 *
 * @module
 */
import fc from "fast-check";
import {
  FRESH_MS,
  ISOLATES,
  type KvMode,
  Model,
  ORGANIZATIONS,
  STALE_MS,
  type Step,
} from "./_cache_world.ts";
import { EVENT_MEMORY_MS } from "./_isolate.ts";

/** Steps of one kind, with values of their own. */
function step<T extends unknown[]>(
  weight: number,
  name: string,
  values: fc.Arbitrary<T>,
  take: (model: Model, ...values: T) => void,
): fc.WeightedArbitrary<Step> {
  const arbitrary = values.map((values) => {
    const label = `${name} ${values}`;
    return {
      label,
      take: (model: Model) => take(model, ...values),
      [fc.toStringMethod]: () => label,
    };
  });
  return { weight, arbitrary };
}

const isolate = fc.nat(ISOLATES - 1);
const organization = fc.nat(ORGANIZATIONS - 1);
/** `absurd` is higher than any sequence that follows. */
const sequence = fc.constantFrom("next", "next", "none", "absurd");
const mode = fc.constantFrom<KvMode>("good", "refuses", "silent");
const ms = fc.constantFrom(
  ...[1, 300, 1_000, 2_000, FRESH_MS, STALE_MS, EVENT_MEMORY_MS],
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  step(
    8,
    "call",
    fc.tuple(isolate, organization),
    (model, ...of) => model.call(...of),
  ),
  step(
    2,
    "event",
    fc.tuple(isolate, organization, sequence),
    (model, ...of) => model.event(...of),
  ),
  // An event that came before, or one that was overtaken.
  step(
    1,
    "replay",
    fc.tuple(isolate, organization, fc.nat(2)),
    (model, ...of) => model.replay(...of),
  ),
  // Events of other organizations, of which a watch may show the last alone.
  step(
    3,
    "burst",
    fc.tuple(fc.integer({ min: 1, max: 3 })),
    (model, count) => model.burst(count),
  ),
  step(1, "backup", fc.tuple(), (model) => model.keepBackup()),
  // KV goes on from the last backup, or from nothing: commits since are lost.
  step(
    1,
    "restore",
    fc.tuple(fc.boolean()),
    (model, hasBackup) => model.restore(hasBackup),
  ),
  step(3, "change", fc.tuple(organization), (model, of) => model.change(of)),
  step(3, "advance", fc.tuple(ms), (model, ms) => model.advance(ms)),
  step(
    1,
    "zitadel is down",
    fc.tuple(fc.boolean()),
    (model, isDown) => model.setDown(isDown),
  ),
  step(1, "kv", fc.tuple(mode), (model, mode) => model.setKvMode(mode)),
  step(1, "restart", fc.tuple(isolate), (model, of) => model.start(of)),
);

/**
 * The property: whatever the order, a permission that was removed is never
 * served after the fresh and the stale time, nor to a call that begins after
 * that isolate got an event about it, even if KV loses what it confirmed, nor
 * after it heard of one, unless KV does not answer; one reading at a time
 * serves all; a replay does nothing; an absurd sequence silences no later event
 * for long; and every call is answered.
 *
 * @returns The property, for `fc.assert`.
 */
export function cacheModel(): fc.IAsyncProperty<[fc.Scheduler, Step[]]> {
  return fc.asyncProperty(
    fc.scheduler(),
    fc.array(steps, { maxLength: 40, size: "max" }),
    async (scheduler, sequence) => {
      const model = new Model(scheduler);
      try {
        await model.run(sequence);
      } finally {
        model.end();
      }
    },
  );
}
