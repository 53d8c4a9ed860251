/**
 * The README's settings table, and the example of an env file made from it:
 * `deno run --allow-read --allow-write tests/_settings_table.ts`
 *
 * @module
 */
import { read, ROOT } from "./_source_files.ts";

const TABLE =
  /^\| name +\| default +\| meaning +\|\n\|(?: -+ \|){3}\n((?:\|.*\|\n)+)/m;

/** Reads the rows of the settings table, every one of them. */
export function readSettingsTable(markdown: string): string[][] {
  const [, rows] = TABLE.exec(markdown)!;
  return rows!.trim().split("\n").map((row) =>
    row.slice(1, -1).split("|").map((cell) => cell.trim())
  );
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
  const readme = await read("README.md");
  const text = formatEnvExample(readSettingsTable(readme));
  await Deno.writeTextFile(new URL("examples/.env.example", ROOT), text);
}
