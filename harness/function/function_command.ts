import { dirname } from "node:path";
import { projectPath } from "../util/project_path.ts";
import { CACHED_MODULES_ONLY } from "./cached_modules.ts";
import { leastPermissions } from "./least_permissions.ts";

/** Where a bundle has the parts that it loads when it needs them, beside its entry. */
export const CHUNKS_FOLDER = "chunks";

/**
 * Returns the arguments of the `deno` that runs the function: `main.ts`, or a
 * bundle of it, which needs no configuration and may read its own chunks.
 */
export function functionArguments(
  env: Readonly<Record<string, string>>,
  { entry, permissions = leastPermissions(env) }: {
    readonly entry?: string | undefined;
    readonly permissions?: readonly string[] | undefined;
  } = {},
): string[] {
  return [
    ...["run", "--quiet", "--no-prompt"],
    ...entry === undefined
      ? [`--config=${projectPath("deno.json")}`]
      : ["--no-config", "--unstable-kv", `--allow-read=${chunksOf(entry)}`],
    ...CACHED_MODULES_ONLY,
    ...permissions,
    entry ?? projectPath("main.ts"),
  ];
}

function chunksOf(entry: string): string {
  // A comma separates paths; two are one of the path.
  return `${dirname(entry)}/${CHUNKS_FOLDER}`.replaceAll(",", ",,");
}
