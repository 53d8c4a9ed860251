/**
 * `deno task fuzz`: checks properties with random inputs, then sends bad requests
 * to a running function.
 *
 * @module
 */
import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { attack, type AttackResult } from "./attack.ts";
import { type CheckedProperty, checkProperties } from "./check_properties.ts";
import {
  formatAttack,
  formatTiming,
  isResisted,
  isSameTime,
} from "./format_results.ts";
import { compareTimes } from "./timing.ts";

export interface FuzzOptions {
  /** Inputs for each property, or refusals of each kind. */
  readonly runs?: number | undefined;
  /** Bad requests over HTTP. */
  readonly requests: number;
  readonly seed?: number | undefined;
  /** The failing input of an earlier run. */
  readonly path?: string | undefined;
  /** One property's name. */
  readonly only?: string | undefined;
  /** Compare the times of refusals instead. */
  readonly timing: boolean;
  readonly json: boolean;
}

const RUNS = 10_000;
const TIMED_REFUSALS = 20_000;

/** Creates the command for properties that live with the tests. */
export function createFuzz(properties: readonly CheckedProperty[]) {
  return (options: FuzzOptions, io: Io): Promise<Outcome> =>
    options.timing
      ? runTiming(options, io)
      : runFuzz(chooseProperties(properties, options), options, io);
}

async function runTiming(
  { runs = TIMED_REFUSALS, json }: FuzzOptions,
  io: Io,
): Promise<Outcome> {
  io.progress(`timing ${runs} refusals of each kind`);
  const result = await compareTimes(runs);
  io.progress();
  const outcome = isSameTime(result) ? "done" : "failed";
  if (json) return printJson(io, outcome, { ...result });
  for (const line of formatTiming(result)) io.print(line);
  return outcome;
}

async function runFuzz(
  properties: readonly CheckedProperty[],
  options: FuzzOptions,
  io: Io,
): Promise<Outcome> {
  const { runs = RUNS, path, only, json } = options;
  const seed = options.seed ?? crypto.getRandomValues(new Int32Array(1))[0]!;
  const shown = json ? { ...io, print: () => {} } : io;
  shown.print(`seed ${seed}`);
  const failures = await checkProperties(
    properties,
    { runs, seed, path },
    shown,
  );
  const requests = only === undefined ? options.requests : 0;
  const result = requests === 0
    ? undefined
    : await runAttack({ requests, seed }, shown);
  const isRight = failures.length === 0 &&
    (result === undefined || isResisted(result));
  const outcome = isRight ? "done" : "failed";
  return json
    ? printJson(io, outcome, { seed, runs, failures, attack: result })
    : outcome;
}

async function runAttack(
  { requests, seed }: { readonly requests: number; readonly seed: number },
  io: Io,
): Promise<AttackResult> {
  const begin = performance.now();
  const result = await attack({
    requests,
    seed,
    onProgress: (sent) =>
      io.progress(
        `${Math.floor(10 * sent / requests)}0% of ${requests} bad requests`,
      ),
  });
  io.progress();
  const seconds = (performance.now() - begin) / 1000;
  for (const line of formatAttack(result, { requests, seconds })) {
    io.print(line);
  }
  return result;
}

function chooseProperties(
  properties: readonly CheckedProperty[],
  { only }: FuzzOptions,
): readonly CheckedProperty[] {
  if (only === undefined) return properties;
  const chosen = properties.filter(({ name }) => name === only);
  if (chosen.length > 0) return chosen;
  const names = properties.map(({ name }) => `"${name}"`).join(", ");
  throw new UsageError(`--only ${only}: expected one of ${names}`);
}
