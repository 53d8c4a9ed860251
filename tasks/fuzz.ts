/**
 * `deno task fuzz`: looks for inputs that break what the function promises.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { attack } from "../harness/fuzz/attack.ts";
import { compareTimes } from "../harness/fuzz/timing.ts";
import { runTask, UsageError } from "../harness/cli/task.ts";
import { progress, tint } from "../harness/cli/terminal.ts";
import { PROPERTIES } from "../tests/properties/mod.ts";

const HELP =
  `Look for inputs that break what the function promises: properties with random
inputs, then bad requests to a running function over loopback.

Usage: deno task fuzz [OPTIONS]

  --runs N       inputs for each property (10000)
  --requests N   bad requests over HTTP (100000)
  --seed S       the inputs of an earlier run; a failure prints its seed
  --path P       with --only and --seed: the failing input of an earlier run
  --only NAME    this property alone, and no requests
  --timing       instead: is the time of a refusal the same for signatures that
                 are nearly right and random ones? (--runs of each, 20000)
  --json         one JSON document on stdout`;

/** An effect below this is negligible by the usual reading of effect sizes. */
const NEGLIGIBLE_EFFECT = 0.1;

/** How much memory may grow while bad requests come, in megabytes: heaps breathe. */
const MAX_GROWTH_MB = 64;

await runTask(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean" },
      runs: { type: "string" },
      requests: { type: "string", default: "100000" },
      seed: { type: "string" },
      path: { type: "string" },
      only: { type: "string" },
      timing: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const print = values.json ? () => {} : console.log;
  if (values.timing) {
    const samples = whole(values.runs ?? "20000", "--runs");
    const result = await compareTimes(samples);
    const isSame = Math.abs(result.effect) < NEGLIGIBLE_EFFECT;
    if (values.json) console.log(JSON.stringify(result));
    print(`refusals timed      ${samples} of each kind
nearly right        ${result.nearMedianUs.toFixed(1)} µs (median)
random              ${result.randomMedianUs.toFixed(1)} µs (median)
effect size         ${result.effect.toFixed(4)} (by chance up to ${
      result.chance.toFixed(4)
    })
${
      isSame
        ? tint("good", "no difference that an attacker could use")
        : tint("bad", "the time tells them apart")
    }`);
    return isSame ? 0 : 1;
  }

  const seed = values.seed === undefined
    ? crypto.getRandomValues(new Int32Array(1))[0]!
    : whole(values.seed, "--seed", -(2 ** 31));
  const runs = whole(values.runs ?? "10000", "--runs");
  const requests = values.only ? 0 : whole(values.requests, "--requests", 0);
  const properties = PROPERTIES.filter(({ name }) =>
    !values.only || name === values.only
  );
  if (properties.length === 0) {
    throw new UsageError(
      `--only ${values.only}: no such property; there are\n${
        PROPERTIES.map(({ name }) => `  ${name}`).join("\n")
      }`,
    );
  }

  print(`seed ${seed}`);
  const show = progress();
  const failures: { name: string; message: string }[] = [];
  for (const [index, property] of properties.entries()) {
    show(`${index + 1}/${properties.length} ${property.name}`);
    const begin = performance.now();
    let state = tint("good", "holds ");
    try {
      await property.check({ runs, seed, path: values.path });
    } catch (error) {
      state = tint("bad", "broken");
      const { message } = error as Error;
      failures.push({ name: property.name, message });
    }
    show(undefined);
    print(`${state} ${seconds(begin)} s  ${property.name}`);
  }
  for (const { message } of failures) print(`\n${message}`);

  if (requests === 0) {
    if (values.json) console.log(JSON.stringify({ seed, runs, failures }));
    return failures.length > 0 ? 1 : 0;
  }
  const begin = performance.now();
  const result = await attack({
    requests,
    seed,
    onProgress: (sent) =>
      show(`${Math.floor(10 * sent / requests)}0% of ${requests} bad requests`),
  });
  show(undefined);
  const growth = result.memoryAfterMb - result.memoryBeforeMb;
  const isRight = result.wrong.length === 0 && result.survived &&
    growth < MAX_GROWTH_MB;
  print(`\n${requests} bad requests in ${seconds(begin).trim()} s`);
  for (const [kind, counts] of Object.entries(result.outcomes).sort()) {
    const text = Object.entries(counts)
      .map(([outcome, count]) => `${outcome}: ${count}`).join("  ");
    print(`  ${kind.padEnd(28)} ${text}`);
  }
  print(
    `  ${"memory".padEnd(28)} ${result.memoryBeforeMb.toFixed(0)} MB, then ${
      result.memoryAfterMb.toFixed(0)
    } MB`,
  );
  print(
    isRight
      ? tint("good", "none answered with 200 or 5xx, no crash, memory flat")
      : tint("bad", "not all was refused as it should"),
  );
  for (const { kind, outcome, bytes } of result.wrong) {
    print(`\n${kind}: ${outcome}\n${JSON.stringify(bytes)}`);
  }
  if (values.json) {
    console.log(JSON.stringify({ seed, runs, failures, attack: result }));
  }
  return isRight && failures.length === 0 ? 0 : 1;
});

function seconds(begin: number): string {
  return ((performance.now() - begin) / 1000).toFixed(1).padStart(6);
}

function whole(text: string, option: string, least = 1): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new UsageError(
    `${option} ${text}: expected a whole number from ${least} on`,
  );
}
