import assert from "node:assert/strict";
import { ROOT } from "./_source_files.ts";

const DOCUMENTS = [
  "README.md",
  "SECURITY.md",
  "docs/multi-tenancy.md",
  "docs/consumers.md",
];

for (const document of DOCUMENTS) {
  Deno.test(`${document} has the whole set-up for customers, as the others have`, async () => {
    const [rows, expected] = await Promise.all(
      [document, DOCUMENTS[0]!].map(readParts),
    );
    assert.deepEqual(rows!.map(([part]) => part), [
      "C1",
      "C2",
      "C3",
      "C4",
      "C5",
    ]);
    assert.deepEqual(rows, expected);
  });
}

/** Reads the rows of the table of parts. */
async function readParts(document: string): Promise<string[][]> {
  const text = await Deno.readTextFile(new URL(document, ROOT));
  return [...text.matchAll(/^\| (C\d .*) \|$/gm)].map(([, row]) =>
    row!.split("|").map((cell) => cell.trim())
  );
}
