/**
 * What `roles check` says in a pull request: workflow commands of GitHub Actions,
 * which show beside the lines of the file.
 *
 * @module
 */
import { type Node, type ParseError, parseTree } from "jsonc-parser";
import type { RoleChange } from "./compare_roles.ts";
import { pathOf, type RolesProblem } from "./parse_roles.ts";

/** Formats a problem as an annotation at its place in the file's text. */
export function annotateProblems(
  problems: readonly RolesProblem[],
  { file, text }: { readonly file: string; readonly text: string },
): string[] {
  const offsets = offsetsOf(text);
  return problems.map(({ severity, path, text: what }) => {
    const before = text.slice(0, offsets.get(path) ?? 0).split("\n");
    return command(severity, path === "" ? what : `${path} ${what}`, {
      file,
      line: before.length,
      col: before.at(-1)!.length + 1,
    });
  });
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

/** Where each path begins; of a name that occurs twice, the last. */
function offsetsOf(text: string): ReadonlyMap<string, number> {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true });
  const offsets = new Map([["", errors[0]?.offset ?? 0]]);
  const addMembers = (object: Node, prefix: string) => {
    for (const { children: [name, value] = [] } of object.children ?? []) {
      if (!name || !value) continue;
      const path = prefix + pathOf(String(name.value));
      offsets.set(path, name.offset);
      if (value.type === "object") addMembers(value, `${path}.`);
      if (value.type !== "array") continue;
      for (const [index, item] of (value.children ?? []).entries()) {
        offsets.set(`${path}[${index}]`, item.offset);
      }
    }
  };
  if (root?.type === "object") addMembers(root, "");
  return offsets;
}
