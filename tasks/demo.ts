/** `deno task demo`: the guide's five steps, on this machine, in seconds. */
import { parseArgs } from "node:util";
import { formatEvent } from "../harness/demo/format_event.ts";
import type { DemoEvent } from "../harness/demo/demo_event.ts";
import { runDemo } from "../harness/demo/run_demo.ts";
import { runTask } from "../harness/cli/task.ts";
import { tint } from "../harness/cli/terminal.ts";

const HELP =
  `Shows the guide's five steps on this machine: a stand-in ZITADEL, the function,
two logins, the access tokens with permissions, and an API that checks them.
Nothing is installed, no account is needed, nothing is left behind.

  deno task demo [--json]

  --json   print the tokens, their claims and the API's answers as JSON
  --help   print this`;

/** What shells give for a program that was interrupted (128 + SIGINT). */
const EXIT_INTERRUPTED = 130;

/**
 * Runs the task.
 *
 * @param args The command line.
 * @returns The exit code.
 */
export async function demo(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { json: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const begin = performance.now();
  const interrupted = new AbortController();
  const stop = () => interrupted.abort();
  for (const name of SIGNALS) Deno.addSignalListener(name, stop);
  const { signal } = interrupted;
  try {
    const onEvent = values.json ? () => {} : show;
    const result = await runDemo({ signal, onEvent });
    if (values.json) console.log(JSON.stringify(result, null, 2));
    else conclude(performance.now() - begin);
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error("Stopped. Nothing is left behind.");
    return EXIT_INTERRUPTED;
  }
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

function show(event: DemoEvent): void {
  for (const line of formatEvent(event)) console.log(line);
}

function conclude(ms: number): void {
  const seconds = (ms / 1000).toFixed(1);
  console.log(`
${tint("good", "Done")} in ${seconds} s. All of it is stopped and removed.
Next: \`deno task dev\` to log in yourself and change the mapping,
      \`deno task setup --help\` to connect a ZITADEL of yours,
      examples/api/ for an API to copy.`);
}

if (import.meta.main) await runTask(demo);
