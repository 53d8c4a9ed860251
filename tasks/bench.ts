import { parseMeasurements, runBench } from "../harness/bench/run_bench.ts";
import {
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  option,
} from "../harness/cli/options.ts";
import { numberFrom } from "../harness/cli/parse.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";

/** Memory is judged by tenths of the requests; more than this takes hours. */
const MEMORY_REQUESTS_RANGE = [1, 999_999_999] as const;

export const bench = defineTask({
  name: "bench",
  help: {
    summary:
      "Measures the function beside a bare server and a floor that does only what cannot be left out, on this machine alone.",
    examples: [
      ["deno task bench", "everything on this machine"],
      ["deno task bench --only throughput,cold-start"],
      [
        "deno task bench --zitadel --only none",
        "tokens of a real ZITADEL",
      ],
      ["deno task bench --quick", "to try it, not to judge by"],
    ],
    details: [
      `throughput: the warm function at both log levels, the floor (checks the signature, parses, looks up) and a bare Deno.serve, in turn
shapes: the four shapes of the claim
scaling: mappings of 10, 1,000 and 10,000 entries; 1, 10 and 100 roles
cold-start: from the start of a process to its first correct reply
first-login: a second after the start; then another organization's
crowd: 1,000 first calls for one organization at once
memory: what the function holds over a million requests of 5,000 organizations`,
      "--zitadel creates an organization and two targets, binds them to preaccesstoken of the whole instance in turn, and restores what was bound: use an instance without users, which may call targets on this machine.",
      "Each figure is the median of several rounds, beside the range that holds their middle half. Needs the machine for itself. Load comes from wrk if it is installed, otherwise from autocannon. `deno bench` times parts of the function.",
    ],
    environment: ADMIN_ENVIRONMENT.map(([name, hint]) => [
      name,
      `for --zitadel: ${hint}`,
    ]),
    exit: {
      done: "every target is reached",
      warnings: "a target is missed",
      failed: "something could not be measured",
    },
  },
  options: {
    only: option("A,B", "measure only these, or none", {
      parse: parseMeasurements,
    }),
    zitadel: flag("measure tokens of a real instance, too"),
    "env-file": ENV_FILE_OPTION,
    entry: option(
      "FILE",
      "the function's program instead of main.ts, such as a bundle",
    ),
    svg: option("FILE", "write a chart"),
    "memory-requests": option("N", "how many requests instead of a million", {
      parse: numberFrom(...MEMORY_REQUESTS_RANGE),
    }),
    quick: flag("short rounds: to try it, not to judge by"),
    json: JSON_OPTION,
  },
  run: runBench,
});

if (import.meta.main) await runTask(bench);
