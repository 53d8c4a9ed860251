/**
 * `deno task fuzz`: checks properties with random inputs, then attacks a running
 * function and checks what that may cost.
 *
 * @module
 */
import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { flag, JSON_OPTION, option, type Values } from "../cli/options.ts";
import { numberFrom } from "../cli/parse.ts";
import { type Io, printJson, printLines } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { attack } from "./attack.ts";
import { checkBounds } from "./check_bounds.ts";
import { startSubject } from "./subject.ts";
import { compareTimes } from "./timing.ts";

const MAX_COUNT = 1_000_000_000;

export const FUZZ_OPTIONS = {
  runs: option(
    "N",
    "inputs for each property (default 10000)",
    numberFrom(1, MAX_COUNT),
  ),
  requests: option("N", "bad requests over HTTP; 0: no running function", {
    default: "100000",
    parse: numberFrom(0, MAX_COUNT),
  }),
  seed: option(
    "S",
    "the inputs of an earlier run; a failure prints its seed",
    // 32 bits.
    numberFrom(-(2 ** 31), 2 ** 31 - 1),
  ),
  path: option(
    "P",
    "with --only and --seed: the failing input of an earlier run",
  ),
  only: option("NAME", "this property alone, and no running function"),
  timing: flag(
    "instead: compare the time of refusals of nearly right and of random signatures (--runs of each, default 20000)",
  ),
  json: JSON_OPTION,
};

type FuzzOptions = Values<typeof FUZZ_OPTIONS>;

/** A statement that holds for every input. */
export interface CheckedProperty {
  readonly name: string;
  /** Throws if it finds an input that contradicts the statement. */
  check(options: {
    readonly runs: number;
    readonly seed: number;
    readonly path?: string | undefined;
  }): Promise<void>;
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
  const outcome = result.holds ? "done" : "failed";
  if (json) return printJson(io, outcome, { ...result });
  const [near, random] = [result.nearMedianUs, result.randomMedianUs]
    .map((it) => `${it.toFixed(1)} µs`);
  const [effect, chance] = [result.effect, result.chance]
    .map((it) => it.toFixed(4));
  io.print(
    `${runs} of each kind: nearly right ${near}, random ${random} (medians); effect size ${effect}, by chance up to ${chance}`,
  );
  io.print(
    result.holds
      ? tint("good", "no difference that an attacker could use")
      : tint("bad", "the time tells them apart"),
  );
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
  const failures: { name: string; message: string }[] = [];
  for (const { name, check } of properties) {
    io.progress(name);
    const begin = performance.now();
    const error = await check({ runs, seed, path }).catch((error) => error);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    shown.print(`${stateOf(!error)} ${seconds.padStart(6)} s  ${name}`);
    if (error) failures.push({ name, message: error.message });
  }
  for (const { message } of failures) printLines(shown, `\n${message}`);
  const attacked = options.requests === 0 || only !== undefined
    ? undefined
    : await attackFunction({ requests: options.requests, seed }, shown);
  const isRight = failures.length === 0 &&
    (attacked?.checks ?? []).every(({ holds }) => holds);
  const outcome = isRight ? "done" : "failed";
  return json
    ? printJson(io, outcome, { seed, runs, failures, ...attacked })
    : outcome;
}

async function attackFunction(
  { requests, seed }: { readonly requests: number; readonly seed: number },
  { print, progress }: Io,
) {
  await using subject = await startSubject(seed);
  const checks: { readonly text: string; readonly holds: boolean }[] = [];
  const report = (text: string, holds: boolean) => {
    checks.push({ text, holds });
    print(`${stateOf(holds)} ${text}`);
  };
  print("");
  const options = { requests, seed, progress, report };
  const result = await attack(subject, options);
  for (const { kind, outcome, bytes } of result.wrong) {
    print(`${kind}: ${outcome} to ${JSON.stringify(bytes)}`);
  }
  await checkBounds(subject, options);
  const code = await subject.target.stop();
  report(`no crash: it drains on SIGTERM with exit code ${code}`, code === 0);
  progress();
  return { ...result, checks };
}

function stateOf(holds: boolean): string {
  return holds ? tint("good", "holds ") : tint("bad", "broken");
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
