import { shellQuote } from "../cli/shell_quote.ts";
import { type DeployStep, UPLOAD_ENV_FILE } from "./plan.ts";

/**
 * Formats the commands of a deployment for a shell. The file with the settings
 * exists only while they are uploaded, and is removed whatever ends that.
 */
export function formatCommands(
  steps: readonly DeployStep[],
  envFile: string,
): string[] {
  return steps.flatMap(({ command, settings }) => {
    const line = command.map(shellQuote).join(" ");
    if (settings === undefined) return [line];
    const pattern = `^[[:space:]]*(export[[:space:]]+)?(${
      settings.join("|")
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
