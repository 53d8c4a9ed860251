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

const isolate = fc.nat(ISOLATES - 1);
const organization = fc.nat(ORGANIZATIONS - 1);
/** `absurd` is higher than any sequence that follows. */
const sequence = fc.constantFrom("next", "next", "none", "absurd");
const mode = fc.constantFrom<KvMode>("good", "refuses", "silent");
const ms = fc.constantFrom(
  ...[1, 300, 1_000, 2_000, FRESH_MS, STALE_MS, EVENT_MEMORY_MS],
);
/** What may happen, by the model's method: how often, and with which values. */
const STEPS = {
  call: [8, fc.tuple(isolate, organization)],
  event: [2, fc.tuple(isolate, organization, sequence)],
  // An event that came before, or one that was overtaken.
  replay: [1, fc.tuple(isolate, organization, fc.nat(2))],
  // Events of other organizations, of which a watch may show the last alone.
  burst: [3, fc.tuple(fc.integer({ min: 1, max: 3 }))],
  keepBackup: [1, fc.tuple()],
  // KV goes on from the last backup, or from nothing: commits since are lost.
  restore: [1, fc.tuple(fc.boolean())],
  change: [3, fc.tuple(organization)],
  advance: [3, fc.tuple(ms)],
  setDown: [1, fc.tuple(fc.boolean())],
  setKvMode: [1, fc.tuple(mode)],
  start: [1, fc.tuple(isolate)],
} as const satisfies Partial<Record<keyof Model, unknown>>;

const steps: fc.Arbitrary<Step> = fc.oneof(
  ...Object.entries(STEPS).map(([name, [weight, values]]) => {
    const take = (model: Model, values: unknown[]) =>
      Reflect.apply(model[name as keyof Model], model, values);
    const arbitrary = (values as fc.Arbitrary<unknown[]>).map((values) => {
      const label = `${name} ${values}`;
      return {
        label,
        take: (model: Model) => take(model, values),
        [fc.toStringMethod]: () => label,
      };
    });
    return { weight, arbitrary };
  }),
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
