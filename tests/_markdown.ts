import { ROOT } from "./_source_files.ts";

/** Folders that hold no documents of the project. */
const SKIPPED = new Set([".git", "node_modules", "coverage"]);

/** Lists the project's files whose name ends in one of the endings, relative to its folder. */
export async function filesEndingIn(
  endings: readonly string[],
  folder = "",
): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder || ".", ROOT))) {
    const path = folder + entry.name;
    if (entry.isDirectory) {
      if (SKIPPED.has(entry.name)) continue;
      files.push(...await filesEndingIn(endings, `${path}/`));
    } else if (endings.some((ending) => path.endsWith(ending))) {
      files.push(path);
    }
  }
  return files.sort();
}

/** Returns the targets of a document's links and pictures, outside of code. */
export function linksIn(markdown: string): string[] {
  const prose = withoutFences(markdown).replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^()\s]+(?:\([^()]*\))?)\)/g)]
    .map(([, target]) => target!);
}

/** Returns the anchors of a document's headings, as GitHub forms them. */
export function anchorsIn(markdown: string): Set<string> {
  const headings = withoutFences(markdown).matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    Array.from(
      headings,
      ([, text]) =>
        text!.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, "")
          .replaceAll(" ", "-"),
    ),
  );
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, "");
}

/** A command as a document names it. */
export interface NamedCommand {
  readonly task: string;
  /** The options that follow the name. */
  readonly options: readonly string[];
}

/** Finds commands such as `deno task setup --endpoint URL`, in prose, code and strings. */
export function commandsIn(text: string): NamedCommand[] {
  // A command can be continued on the next line of a comment, code or prose.
  const joined = text.replace(/\\?\n[ \t]*(?:(?:\*|\/\/|#) )?/g, "\n");
  const pattern =
    /\bdeno(?:@[\d.]+)? task (?:--tunnel )?([a-z][a-z:]*[a-z])([^`"'#,;()|\n]*)/g;
  return Array.from(joined.matchAll(pattern), ([, task, rest]) => ({
    task: task!,
    options: Array.from(rest!.matchAll(/(?<=\s)--[a-z][a-z-]*/g), ([it]) => it),
  }));
}

/** Finds options that a document names alone, as code: `--prune`. */
export function loneOptionsIn(markdown: string): string[] {
  return Array.from(
    withoutFences(markdown).matchAll(/`(--[a-z][a-z-]*)[^`]*`/g),
    ([, option]) => option!,
  );
}
