import assert from "node:assert/strict";
import {
  checkEnvFile,
  checkInstanceOf,
} from "../../../harness/cli/check_env_file.ts";
import { type TempFolder, tempFolder } from "../../_temp_folder.ts";
import { testEach } from "../../_test_each.ts";

const FAULTS: Record<string, [string, (it: TempFolder) => unknown, RegExp]> = {
  "a folder that is missing": ["none/.env", () => {}, /no folder .*none/],
  "a folder": ["", () => {}, /it is not a file/],
  "a link to nothing": [
    "link",
    ({ path }) => Deno.symlink(`${path}/none`, `${path}/link`),
    /a link to a file that does not exist/,
  ],
};

testEach(
  "checkEnvFile() refuses what cannot be written",
  FAULTS,
  async ([name, make, message]) => {
    await using folder = await tempFolder();
    await make(folder);
    const before = [...Deno.readDirSync(folder.path)];
    await assert.rejects(checkEnvFile(`${folder.path}/${name}`), message);
    assert.deepEqual([...Deno.readDirSync(folder.path)], before);
  },
);

Deno.test("checkEnvFile() accepts a file that does not exist yet, and creates none", async () => {
  await using folder = await tempFolder();
  await checkEnvFile(`${folder.path}/.env`);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("checkInstanceOf() refuses the env file of another instance", async () => {
  await using folder = await tempFolder();
  const originOf = (domain: string) => `https://${domain}`;
  const check = async (text: string) =>
    await checkInstanceOf(await folder.write(text), {
      origin: "https://a.example",
      originOf,
    });
  await check("");
  await check("ZITADEL_DOMAIN=a.example\n");
  await assert.rejects(
    check("ZITADEL_DOMAIN=b.example\n"),
    /belongs to another instance: its ZITADEL_DOMAIN is b\.example, and this is https:\/\/a\.example/,
  );
});
