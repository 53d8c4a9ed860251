import { Interrupted } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson, printLines } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { askApi } from "./ask_api.ts";
import { connectFunction } from "./connect_function.ts";
import { logIn } from "./log_in.ts";
import { openStage } from "./stage.ts";

/**
 * `deno task demo`: plays the guide's five steps on this machine, from the mapping
 * to an API that checks the permissions: a stand-in ZITADEL, the function and the
 * API, each a process of its own. Everything that it starts is stopped in any case,
 * and its files are removed.
 *
 * @throws {Error} If a step fails, or a token or an answer is not as the mapping says.
 */
export async function runDemo(
  { json }: { readonly json: boolean },
  io: Io,
): Promise<Outcome> {
  const begin = performance.now();
  const signal = io.untilInterrupted();
  try {
    const result = await play(signal, json ? () => {} : io.print);
    if (json) return printJson(io, "done", result);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted("everything is stopped and removed");
  }
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
}

async function play(signal: AbortSignal, print: (line: string) => void) {
  await using stage = await openStage(signal, print);
  const { sandbox, organization, project } = stage;
  stage.step("", `A stand-in ZITADEL at ${sandbox.origin}`);
  stage.say(
    `${organization.name} has the project ${project.name} with roles, and people who have them. ZITADEL does not know yet what a role permits.`,
  );
  await using process = await connectFunction(stage);
  stage.step("Step 5", "Two logins");
  const logins = await logIn(stage, process);
  const answers = await askApi(stage, logins);
  signal.throwIfAborted();
  return { logins, answers };
}
