import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import { utf16Of } from "../cli/utf16.ts";
import { readMappingFile } from "../roles/roles_file.ts";
import { explainCall } from "./explain.ts";
import { formatExplanation } from "./format_explanation.ts";
import { readExplainSource } from "./source.ts";

export interface ExplainOptions {
  /** One file; `-` is stdin. */
  readonly positionals: readonly string[];
  /** A file with the mapping. */
  readonly roles?: string | undefined;
  readonly envFile: string;
  readonly json: boolean;
}

export async function runExplain(
  { positionals: [file], roles, envFile, json }: ExplainOptions,
  io: Io,
): Promise<Outcome> {
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
