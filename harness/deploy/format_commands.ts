import { shellQuote } from "../cli/shell_quote.ts";
import { type DeployStep, UPLOAD_ENV_FILE } from "./plan.ts";

/**
 * Formats the commands of a deployment for a shell. The file with the settings
 * exists only while they are uploaded, and is removed whatever ends that.
 */
export function formatCommands(
  steps: readonly DeployStep[],
  { names, envFile }: {
    /** The settings to upload. */
    readonly names: readonly string[];
    readonly envFile: string;
  },
): string[] {
  return steps.flatMap(({ command, usesSettings = false }) => {
    const line = command.map(shellQuote).join(" ");
    if (!usesSettings) return [line];
    const pattern = `^[[:space:]]*(export[[:space:]]+)?(${
      names.join("|")
    })[[:space:]]*=`;
    const copy = ["grep", "-E", "--", pattern, envFile].map(shellQuote);
    return [
      "(",
      "  set -e; umask 077",
      `  trap 'rm -f ${UPLOAD_ENV_FILE}' EXIT HUP INT TERM`,
      `  ${copy.join(" ")} > ${UPLOAD_ENV_FILE}`,
      `  ${line}`,
      ") &&",
    ];
  });
}
