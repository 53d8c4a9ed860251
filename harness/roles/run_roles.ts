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

/** How many words follow each action. */
const WORDS: Readonly<
  Record<string, { readonly max: number; readonly what?: string }>
> = {
  check: { max: Infinity, what: "a file" },
  apply: { max: 1, what: "a file" },
  export: { max: 0 },
  who: { max: 1, what: "a permission" },
  history: { max: 0 },
};

/** Runs the action that the first word names. */
export async function runRoles(options: RolesOptions, io: Io): Promise<Outcome> {
  const [action = "", ...words] = options.positionals;
  const expected = WORDS[action];
  if (!expected) {
    throw new UsageError(
      `Unknown word '${action}': expected ${Object.keys(WORDS).join(", ")}`,
    );
  }
  const [word = ""] = words;
  if (expected.what && !word) {
    throw new UsageError(`${action} needs ${expected.what}`);
  }
  if (words.length > expected.max) {
    throw new UsageError(`${action} does not take '${words[expected.max]}'`);
  }
  // Loaded only when needed: ZITADEL's client takes longer to load than a check.
  switch (action) {
    case "check":
      return await runChecks({ ...options, files: words }, io);
    case "apply": {
      const { runApply } = await import("./run_apply.ts");
      return await runApply({ ...options, file: word }, io);
    }
    case "who": {
      const { runWho } = await import("./run_who.ts");
      return await runWho({ ...options, permission: word }, io);
    }
    case "history": {
      const { runHistory } = await import("./run_history.ts");
      return await runHistory(options, io);
    }
  }
  const { at } = options;
  if (at === undefined) {
    const { runExport } = await import("./run_apply.ts");
    return await runExport(options, io);
  }
  const { runExportAt } = await import("./run_history.ts");
  return await runExportAt({ ...options, at }, io);
}
