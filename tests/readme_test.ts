import assert from "node:assert/strict";
import { SETTINGS } from "../lib/config.ts";

const HEADER = ["name", "default", "meaning"];

/** Reads the rows of the settings table, every one of them. */
function readSettingsTable(markdown: string): string[][] {
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

const readme = await Deno.readTextFile(
  new URL("../README.md", import.meta.url),
);

Deno.test("README.md describes every setting, and no other", () => {
  const rows = readSettingsTable(readme);
  for (const row of rows) assert.equal(row.length, 3, row.join(" | "));
  assert.deepEqual(
    rows.map(([name]) => name),
    Object.keys(SETTINGS).map((name) => `\`${name}\``),
  );
});

Deno.test("README.md gives the default of every setting", async (t) => {
  const rows = readSettingsTable(readme);
  for (const [name, { default: value }] of Object.entries(SETTINGS)) {
    await t.step(name, () => {
      const row = rows.find(([cell]) => cell === `\`${name}\``);
      assert.equal(row?.[1]?.replaceAll("`", ""), value);
    });
  }
});

Deno.test("README.md says what every setting means", () => {
  for (const [name, , meaning] of readSettingsTable(readme)) {
    assert.match(meaning ?? "", /\S{2,}.* \S/, name);
  }
});
