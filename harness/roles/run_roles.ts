import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import { oneOf, parseFile } from "../cli/parse.ts";
import type { RolesOptions } from "./command_line.ts";
import { runCheck } from "./run_check.ts";

/** What follows each action, if anything. */
const ACTIONS = {
  check: "FILE",
  apply: "FILE",
  export: undefined,
  who: "NAME",
  history: undefined,
} as const;

/** Runs the action that the first word names. */
export async function runRoles(
  { at, ...options }: RolesOptions & {
    readonly positionals: readonly string[];
  },
  io: Io,
): Promise<Outcome> {
  const [first = "", word = ""] = options.positionals;
  const names = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];
  const action = oneOf(names)(first, "roles");
  const needed = ACTIONS[action];
  if (needed && !word) {
    throw new UsageError(`roles ${action}: ${needed} is missing`);
  }
  if (!needed && word) throw new UsageError(`Unexpected argument '${word}'`);
  if (needed === "FILE") parseFile(word, `roles ${action}`);
  // Loaded only when needed: ZITADEL's client takes longer to load than a check.
  switch (action) {
    case "check":
      return await runCheck({ ...options, file: word }, io);
    case "who":
      return await (await import("./run_who.ts"))
        .runWho({ ...options, permission: word }, io);
    case "history":
      return await (await import("./run_history.ts")).runHistory(options, io);
  }
  if (action === "export" && at !== undefined) {
    const { runExportAt } = await import("./run_history.ts");
    return await runExportAt({ ...options, at }, io);
  }
  const { runApply, runExport } = await import("./run_apply.ts");
  return action === "apply"
    ? await runApply({ ...options, file: word }, io)
    : await runExport(options, io);
}
