/** Returns the targets of links and pictures, and the source files that code names. */
export function linksIn(markdown: string): string[] {
  const prose = withoutFences(markdown).replace(/`[^`\n]*`/g, "");
  return Array.from(
    prose.matchAll(/\]\(([^()\s]+(?:\([^()]*\))?)\)/g),
    ([, target]) => target!,
  );
}

/** Returns the anchors of the headings, as GitHub forms them. */
export function anchorsIn(markdown: string): string[] {
  const headings = withoutFences(markdown).matchAll(/^#{1,6} (.+)$/gm);
  return Array.from(
    headings,
    ([, text]) =>
      text!.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, "")
        .replaceAll(" ", "-"),
  );
}

/** Finds commands such as `deno task setup --endpoint URL`, in prose, code and strings. */
export function commandsIn(
  text: string,
): { task: string; options: string[] }[] {
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

function withoutFences(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, "");
}
