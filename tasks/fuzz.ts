import { defineTask, runTask } from "../harness/cli/task.ts";
import { createFuzz, FUZZ_OPTIONS } from "../harness/fuzz/run_fuzz.ts";
import { PROPERTIES } from "../tests/properties/mod.ts";

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
  options: FUZZ_OPTIONS,
  run: createFuzz(PROPERTIES),
});

if (import.meta.main) await runTask(fuzz);
