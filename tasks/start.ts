/** `deno task start`: the function, self-hosted, with the least permissions its settings need. */
import { parseArgs } from "node:util";
import { leastPermissions } from "../harness/function/function_process.ts";
import { readSettings, runTask } from "../harness/cli/task.ts";

const HELP =
  `Serve the function, with no more permissions than its settings need.

Usage: deno task start [--env-file FILE]

  --env-file FILE   settings, beside those of the environment (default .env);
                    the environment's count first

The settings are in the README. SIGINT and SIGTERM drain: what was accepted is
answered, then the process ends.`;

const MAIN = new URL("../main.ts", import.meta.url).pathname;

await runTask(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      "env-file": { type: "string", default: ".env" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const settings = await readSettings(values["env-file"]);
  const env = Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...leastPermissions(env), MAIN],
    env,
    stdin: "null",
  }).spawn();
  // A terminal sends SIGINT to the whole group; a service manager to this one.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has ended by itself.
      }
    });
  }
  const { code } = await child.status;
  return code;
});
