/**
 * The README's settings table, and the example of an env file made from it:
 * `deno run --allow-read --allow-write tests/_settings_table.ts`
 *
 * @module
 */
import assert from "node:assert/strict";
import { ROOT } from "./_source_files.ts";

const HEADER = ["name", "default", "meaning"];

/** Reads the rows of the settings table, every one of them. */
export function readSettingsTable(markdown: string): string[][] {
  const lines = markdown.split("\n");
  const cells = (line = "") =>
    /^\|.*\|$/.test(line)
      ? line.slice(1, -1).split("|").map((cell) => cell.trim())
      : [];
  const starts = lines.keys().toArray()
    .filter((index) => cells(lines[index]).join() === HEADER.join());
  assert.equal(starts.length, 1, "the README has one table of settings");
  const [start] = starts as [number];
  assert.match(lines[start + 1]!, /^\|(?: *:?-+:? *\|){3}$/);
  const rows: string[][] = [];
  for (let index = start + 2; cells(lines[index]).length > 0; index++) {
    rows.push(cells(lines[index]));
  }
  return rows;
}

/** Formats an env file: required settings empty, the others as comments with their defaults. */
export function formatEnvExample(rows: readonly string[][]): string {
  const settings = rows.map(([name = "", initial = "", meaning = ""]) => {
    const key = plain(name);
    const isRequired = initial === "required";
    const hasDefault = !/^(?:required|unset|one credential.*)$/.test(initial);
    return [
      `# ${plain(meaning)}`,
      isRequired ? `${key}=` : `# ${key}=${hasDefault ? plain(initial) : ""}`,
    ].join("\n");
  });
  return [
    "# The function's settings. `deno task setup --service-user` fills in the first\n" +
    "# two and a credential. One credential is required; the others are optional.",
    ...settings,
  ].join("\n\n") + "\n";
}

/** Removes Markdown's code marks and links. */
function plain(cell: string): string {
  return cell.replaceAll("`", "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}

if (import.meta.main) {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const text = formatEnvExample(readSettingsTable(readme));
  await Deno.writeTextFile(new URL("examples/.env.example", ROOT), text);
}
