import assert from "node:assert/strict";
import {
  checkEnvFile,
  checkInstanceOf,
} from "../../../harness/cli/check_env_file.ts";

const FAULTS: [string, (folder: string) => Promise<string>, RegExp][] = [
  [
    "a folder that is missing",
    (folder) => Promise.resolve(`${folder}/none/.env`),
    /there is no folder .*none/,
  ],
  ["a folder", (folder) => Promise.resolve(folder), /it is not a file/],
  [
    "a link to nothing",
    async (folder) => {
      await Deno.symlink(`${folder}/none`, `${folder}/link`);
      return `${folder}/link`;
    },
    /a link to a file that does not exist/,
  ],
];

Deno.test("checkEnvFile() refuses what cannot be written", async (t) => {
  for (const [name, create, message] of FAULTS) {
    await t.step(name, async () => {
      const folder = await Deno.makeTempDir();
      const path = await create(folder);
      const before = [...Deno.readDirSync(folder)].length;
      await assert.rejects(checkEnvFile(path), message);
      assert.equal([...Deno.readDirSync(folder)].length, before);
      await Deno.remove(folder, { recursive: true });
    });
  }
});

Deno.test("checkEnvFile() accepts a file that does not exist yet, and creates none", async () => {
  const folder = await Deno.makeTempDir();
  await checkEnvFile(`${folder}/.env`);
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
});

Deno.test("checkInstanceOf() refuses the env file of another instance", async () => {
  const path = await Deno.makeTempFile();
  const originOf = (domain: string) => `https://${domain}`;
  const instance = { origin: "https://a.example", originOf };
  await checkInstanceOf(path, instance);
  await Deno.writeTextFile(path, "ZITADEL_DOMAIN=a.example\n");
  await checkInstanceOf(path, instance);
  await Deno.writeTextFile(path, "ZITADEL_DOMAIN=b.example\n");
  await assert.rejects(
    checkInstanceOf(path, instance),
    /belongs to another instance: its ZITADEL_DOMAIN is b\.example, and this is https:\/\/a\.example/,
  );
  await Deno.remove(path);
});
