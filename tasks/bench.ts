import { BENCH_OPTIONS, runBench } from "../harness/bench/run_bench.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";

export const bench = defineTask({
  name: "bench",
  help: {
    summary:
      "Measures the function beside a floor that does only what cannot be left out, a Go server and a bare server, on this machine alone.",
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
      `throughput: the warm function at both log levels, the floor (checks the signature, parses, looks up) and, if Go is there, a Go server that does the same, in turn; one call at a time beside a constant answer
cold-start: from the start of a process to its first correct reply
first-login: a second after the start; then another organization's; idle memory
memory: what the function holds over a million calls of 5,000 organizations`,
      "--zitadel creates an organization and two targets, binds them to preaccesstoken of the whole instance in turn, and restores what was bound: use an instance without users, which may call targets on this machine.",
      "Each figure is the median of several rounds, beside its 95 % confidence interval. Needs the machine for itself, and wrk for load.",
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
  options: BENCH_OPTIONS,
  run: runBench,
});

if (import.meta.main) await runTask(bench);
