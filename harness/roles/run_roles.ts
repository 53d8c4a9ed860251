import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import type { ApplyOptions } from "./run_apply.ts";
import { runChecks } from "./run_check.ts";

export interface RolesOptions extends Omit<ApplyOptions, "file"> {
  /** An action, and what it is about. */
  readonly positionals: readonly string[];
  readonly against?: string | undefined;
  readonly at?: number | undefined;
  readonly since?: number | undefined;
  readonly role?: string | undefined;
  readonly permission?: string | undefined;
}

/** The fewest and the most words that follow each action. */
const WORDS = new Map([
  ["check", [1, Infinity]],
  ["apply", [1, 1]],
  ["export", [0, 0]],
  ["who", [1, 1]],
  ["history", [0, 0]],
]);

/** Runs the action that the first word names. */
export async function runRoles(
  { at, ...options }: RolesOptions,
  io: Io,
): Promise<Outcome> {
  const [action = "", ...words] = options.positionals;
  const [min, max] = WORDS.get(action) ?? [];
  if (min === undefined || max === undefined) {
    const expected = [...WORDS.keys()].join(", ");
    throw new UsageError(`Unknown word '${action}': expected ${expected}`);
  }
  if (words.length < min || words.length > max) {
    throw new UsageError(
      `${action} takes ${["no", "one"][max] ?? "at least one"} argument`,
    );
  }
  const word = words[0]!;
  // Loaded only when needed: ZITADEL's client takes longer to load than a check.
  switch (action) {
    case "check":
      return await runChecks({ ...options, files: words }, io);
    case "who": {
      const { runWho } = await import("./run_who.ts");
      return await runWho({ ...options, permission: word }, io);
    }
    case "history": {
      const { runHistory } = await import("./run_history.ts");
      return await runHistory(options, io);
    }
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
