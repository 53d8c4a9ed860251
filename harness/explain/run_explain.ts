import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import { utf16Of } from "../cli/utf16.ts";
import { readMappingFile } from "../mapping/roles_file.ts";
import { explainCall } from "./explain.ts";
import { formatExplanation } from "./format_explanation.ts";
import type { ExplainUserOptions } from "./run_explain_user.ts";
import { readExplainSource } from "./source.ts";

export interface ExplainOptions extends Omit<ExplainUserOptions, "user"> {
  readonly user?: string | undefined;
  /** A file, or `-` for stdin, unless a user is explained. */
  readonly positionals: readonly string[];
  /** A file with the mapping. */
  readonly roles?: string | undefined;
  readonly envFile: string;
  readonly json: boolean;
}

export async function runExplain(
  options: ExplainOptions,
  io: Io,
): Promise<Outcome> {
  const { user, positionals: [file], roles, envFile, json } = options;
  if ((user === undefined) === (file === undefined)) {
    throw new UsageError("Expected either FILE or --user");
  }
  if (user !== undefined) {
    // Loaded only when needed: ZITADEL's client takes long to load.
    const { runExplainUser } = await import("./run_explain_user.ts");
    return await runExplainUser({ ...options, user }, io);
  }
  const bytes = file === "-"
    ? await new Response(Deno.stdin.readable).bytes()
    : await Deno.readFile(file!);
  const text = new TextDecoder(utf16Of(bytes)).decode(bytes);
  const { call, mappingOf, rules } = await readExplainSource(
    text,
    {
      settings: await readSettings(envFile, io),
      mapping: roles === undefined
        ? undefined
        : (await readMappingFile(roles)).mapping,
    },
  );
  const explanation = await explainCall(call, mappingOf, rules);
  if (json) return printJson(io, "done", { ...explanation });
  for (const line of formatExplanation(explanation)) io.print(line);
  return "done";
}
