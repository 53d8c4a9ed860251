import { JSON_OPTION, option } from "../harness/cli/options.ts";
import { numberFrom } from "../harness/cli/parse.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runSoak } from "../harness/soak/run_soak.ts";

/** A soak has a dozen parts, which need some time each; ten hours are enough. */
const MINUTES_RANGE = [0.1, 600] as const;

export const soak = defineTask({
  name: "soak",
  help: {
    summary:
      "Puts a running function under load, abuse and outages over loopback, and checks that memory, sockets and latency return to what they were.",
    examples: [
      ["deno task soak"],
      ["deno task soak --minutes 60"],
    ],
    exit: {
      done: "everything is as before",
      failed: "something is not as before",
    },
  },
  options: {
    minutes: option("N", "how long, about", {
      default: "2",
      parse: numberFrom(...MINUTES_RANGE, { isWhole: false }),
    }),
    json: JSON_OPTION,
  },
  run: runSoak,
});

if (import.meta.main) await runTask(soak);
