import { Interrupted } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson, printLines } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { formatEvent } from "./format_event.ts";
import { runDemo } from "./run_demo.ts";

/** `deno task demo`: runs the demo and shows each step. */
export async function showDemo(
  { json }: { readonly json: boolean },
  io: Io,
): Promise<Outcome> {
  const begin = performance.now();
  const signal = io.untilInterrupted();
  try {
    const result = await runDemo({
      signal,
      onEvent: (event) => {
        if (json) return;
        for (const line of formatEvent(event)) io.print(line);
      },
    });
    if (json) return printJson(io, "done", { ...result });
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    printLines(
      io,
      `
${tint("good", "Done")} in ${seconds} s. Everything is stopped and removed.
Next: \`deno task dev\` to log in yourself and change the mapping,
      \`deno task setup --help\` to connect a ZITADEL of yours,
      examples/api/ for an API to copy.`,
    );
    return "done";
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted("everything is stopped and removed");
  }
}
