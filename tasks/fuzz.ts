import { flag, JSON_OPTION, option } from "../harness/cli/options.ts";
import { numberFrom } from "../harness/cli/parse.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { createFuzz } from "../harness/fuzz/run_fuzz.ts";
import { PROPERTIES } from "../tests/properties/mod.ts";

const MAX_COUNT = 1_000_000_000;
/** Seeds are 32-bit integers. */
const SEED_RANGE = [-(2 ** 31), 2 ** 31 - 1] as const;

export const fuzz = defineTask({
  name: "fuzz",
  help: {
    summary:
      "Searches for inputs and load that break what the function promises: properties with random inputs, then bad requests, strangers' bodies, tenants' huge metadata and outages, against a running function over loopback.",
    examples: [
      ["deno task fuzz"],
      ["deno task fuzz --runs 100000 --requests 0", "properties only"],
      ["deno task fuzz --timing", "the time of a refusal"],
    ],
    exit: {
      done: "nothing found",
      failed:
        "a property is broken, a bad request was not refused, or a bound does not hold",
    },
  },
  options: {
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
      numberFrom(...SEED_RANGE),
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
  },
  run: createFuzz(PROPERTIES),
});

if (import.meta.main) await runTask(fuzz);
