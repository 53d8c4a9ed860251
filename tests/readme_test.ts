import assert from "node:assert/strict";
import { SETTINGS } from "../lib/config/settings.ts";
import { readSettingsTable } from "./_settings_table.ts";

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
