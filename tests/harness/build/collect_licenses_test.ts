import assert from "node:assert/strict";
import { collectLicenses } from "../../../harness/build/collect_licenses.ts";

Deno.test("collectLicenses() names each package once, with the text of its licence", async () => {
  const folder = await Deno.makeTempDir();
  const write = async (path: string, files: Record<string, string>) => {
    await Deno.mkdir(`${folder}/${path}`, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${path}/${name}`, text);
    }
  };
  const a = "node_modules/.deno/a@1.0.0/node_modules/a";
  const b = "node_modules/.deno/@s+b@2.0.0/node_modules/@s/b";
  await write(a, {
    "package.json": JSON.stringify({
      version: "1.0.0",
      license: "MIT",
      author: { name: "A. Author" },
    }),
    "LICENSE.md": "Permission is hereby granted\n",
    "licenses.js": "not a licence",
  });
  await write(b, {
    "package.json": JSON.stringify({
      version: "2.0.0",
      license: "Apache-2.0",
      repository: "https://b.example/",
    }),
  });
  assert.equal(
    await collectLicenses(folder, [
      `${a}/one.js`,
      "lib/handler.ts",
      `${b}/dist/index.js`,
      `${a}/two.js`,
    ]),
    `@s/b 2.0.0: Apache-2.0
Source: https://b.example/

${"-".repeat(80)}

a 1.0.0: MIT
Author: A. Author

Permission is hereby granted
`,
  );
  await Deno.remove(folder, { recursive: true });
});
