import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import { oneOf, parseFile } from "../cli/parse.ts";
import type { RolesOptions, RunAction } from "./command_line.ts";

/**
 * What follows each action, if anything, and its code: loaded only when needed, since
 * ZITADEL's client takes longer to load than a check.
 */
const ACTIONS = {
  check: ["FILE", async () => (await import("./run_check.ts")).runCheck],
  apply: ["FILE", async () => (await import("./run_apply.ts")).runApply],
  export: ["", async () => (await import("./run_export.ts")).runExport],
  who: ["NAME", async () => (await import("./run_who.ts")).runWho],
  history: ["", async () => (await import("./run_history.ts")).runHistory],
} satisfies Record<string, [needed: string, load: () => Promise<RunAction>]>;

const NAMES = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];

/** Runs the action that the first word names. */
export async function runRoles(
  options: RolesOptions & { readonly positionals: readonly string[] },
  io: Io,
): Promise<Outcome> {
  const [first = "", word = ""] = options.positionals;
  const action = oneOf(NAMES)(first, "roles");
  const [needed, load] = ACTIONS[action];
  if (needed && !word) {
    throw new UsageError(`roles ${action}: ${needed} is missing`);
  }
  if (!needed && word) throw new UsageError(`Unexpected argument '${word}'`);
  if (needed === "FILE") parseFile(word, `roles ${action}`);
  return await (await load())(word, options, io);
}
