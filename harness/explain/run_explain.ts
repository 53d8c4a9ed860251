import { UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import { utf16Of } from "../cli/utf16.ts";
import { readMappingFile } from "../mapping/roles_file.ts";
import type { ExplainOptions } from "./command_line.ts";
import { explainCall } from "./explain.ts";
import { formatExplanation } from "./format_explanation.ts";
import { readExplainSource } from "./source.ts";

export async function runExplain(
  options: ExplainOptions & { readonly positionals: readonly string[] },
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
  const { call, mappingOf, rules } = await readExplainSource(text, {
    settings: await readSettings(envFile, io),
    mapping: roles ? (await readMappingFile(roles)).mapping : undefined,
  });
  const explanation = await explainCall(call, mappingOf, rules);
  if (json) return printJson(io, "done", { ...explanation });
  for (const line of formatExplanation(explanation)) io.print(line);
  return "done";
}
