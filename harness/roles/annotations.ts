/**
 * What `roles check` says in a pull request: workflow commands of GitHub Actions,
 * which show beside the lines of the file.
 *
 * @module
 */
import type { RoleChange } from "./compare_roles.ts";
import type { RolesProblem } from "../mapping/parse_roles.ts";

/** Formats each problem as an annotation at its place in the file. */
export function annotateProblems(
  problems: readonly RolesProblem[],
  file: string,
): string[] {
  return problems.map(({ severity, path, text, line = 1, column: col = 1 }) =>
    command(severity, path === "" ? text : `${path} ${text}`, {
      file,
      line,
      col,
    })
  );
}

/** Formats who gains and loses what as one notice. */
export function annotateChanges(
  changes: readonly RoleChange[],
  file: string,
): string {
  const lines = changes.map(({ key, kind, gains, loses }) =>
    [
      `${key} (${kind})`,
      ...gains.map((it) => `+ ${it}`),
      ...loses.map((it) => `- ${it}`),
    ].join("\n  ")
  );
  const text = lines.join("\n") || "No role changes.";
  return command("notice", text, { file, title: "Permissions" });
}

/** See "Workflow commands for GitHub Actions" in GitHub's docs. */
function command(
  name: string,
  text: string,
  properties: Readonly<Record<string, string | number>>,
): string {
  const list = Object.entries(properties).map(([key, value]) =>
    `${key}=${String(value).replace(/[%\r\n:,]/g, encodeURIComponent)}`
  );
  return `::${name} ${list.join(",")}::${
    text.replace(/[%\r\n]/g, encodeURIComponent)
  }`;
}
