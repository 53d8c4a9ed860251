import assert from "node:assert/strict";
import { SettingsError } from "../../../harness/cli/errors.ts";
import { readFunctionConfig } from "../../../harness/cli/function_config.ts";
import { required } from "../../../harness/cli/settings.ts";
import {
  formatSetting,
  parseEnv,
  readEnvFile,
  splitKeys,
  withSetting,
  writeEnvFile,
} from "../../../harness/cli/env_file.ts";

const TEXT = `# the function
ZITADEL_DOMAIN=a.example   # of ours
export PORT = 1
KEY='{"type":"serviceaccount"}'
QUOTED="a b"
BROKEN LINE
`;

Deno.test("parseEnv() reads plain, quoted and exported settings", () => {
  assert.deepEqual(parseEnv(TEXT), {
    ZITADEL_DOMAIN: "a.example",
    PORT: "1",
    KEY: '{"type":"serviceaccount"}',
    QUOTED: "a b",
  });
});

Deno.test("parseEnv() reads what Deno reads from the same file", async () => {
  const text = `A="abc" # note
B=x # y
C='q r'
export D=1
E="a\\nb"
F=a#b
G="two
lines"
I=  sp  
J=
L={"a":"b c"}
BROKEN LINE
`;
  const path = await Deno.makeTempFile({ suffix: ".env" });
  await Deno.writeTextFile(path, text);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `--env-file=${path}`,
      'console.log(JSON.stringify(Object.fromEntries([..."ABCDEFGIJL"].map((it) => [it, Deno.env.get(it)]))))',
    ],
    stderr: "null",
  }).output();
  await Deno.remove(path);
  const own = parseEnv(text);
  assert.deepEqual(own, JSON.parse(new TextDecoder().decode(stdout)));
  assert.equal(own.A, "abc");
});

Deno.test("withSetting() changes one line and keeps the others", () => {
  assert.equal(
    withSetting(TEXT, "PORT", "2"),
    TEXT.replace("export PORT = 1", "PORT=2"),
  );
  assert.equal(withSetting(TEXT, "NEW", "x"), `${TEXT}NEW=x\n`);
  assert.equal(withSetting("", "NEW", "x"), "NEW=x\n");
  assert.equal(withSetting("A=1", "NEW", "x"), "A=1\nNEW=x\n");
  assert.equal(withSetting("A=1\nB=2\n", "A", undefined), "B=2\n");
  assert.equal(withSetting("A=1\n", "A", undefined), "");
});

Deno.test("withSetting() leaves one line of a setting that occurs twice", () => {
  assert.equal(withSetting("A=1\nB=2\nA=3\n", "A", "4"), "A=4\nB=2\n");
});

Deno.test("formatSetting() is read back by parseEnv()", () => {
  const key = JSON.stringify({ key: "-----BEGIN\nMII+/=\n" });
  for (
    const value of ["plain", "a b", '{"a":"b"}', "a#b", "a,b=", "a\\b", key]
  ) {
    assert.equal(parseEnv(formatSetting("A", value)).A, value);
  }
});

Deno.test("formatSetting() quotes only what could not be read back", () => {
  const key = JSON.stringify({ key: "-----BEGIN RSA PRIVATE KEY-----\nMII\n" });
  assert.equal(formatSetting("KEY", key), `KEY=${key}`);
  assert.equal(formatSetting("A", "a #b"), "A='a #b'");
  assert.equal(formatSetting("A", "$HOME"), "A='$HOME'");
});

Deno.test("splitKeys() ignores blanks and empty keys", () => {
  assert.deepEqual(splitKeys(" a, b ,,"), ["a", "b"]);
  assert.deepEqual(splitKeys(undefined), []);
});

Deno.test("writeEnvFile() keeps the mode of a file and leaves no other", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/.env`;
  await Deno.writeTextFile(path, "A=1\n", { mode: 0o640 });
  await Deno.chmod(path, 0o640);
  await writeEnvFile(path, "A=2\n");
  assert.equal(await Deno.readTextFile(path), "A=2\n");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o640);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), [
    ".env",
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("writeEnvFile() keeps the owner of a file", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/.env`;
  await Deno.writeTextFile(path, "A=1\n");
  const owned: unknown[] = [];
  const { chown, stat } = Deno;
  Deno.stat = async (it) =>
    String(it) === path ? { ...await stat(it), uid: 12, gid: 34 } : stat(it);
  Deno.chown = (_, uid, gid) => Promise.resolve(void owned.push(uid, gid));
  try {
    await writeEnvFile(path, "A=2\n");
  } finally {
    Object.assign(Deno, { chown, stat });
  }
  assert.deepEqual(owned, [12, 34]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("writeEnvFile() creates a file that only its owner reads", async () => {
  const folder = await Deno.makeTempDir();
  await writeEnvFile(`${folder}/.env`, "A=1\n");
  assert.equal((await Deno.stat(`${folder}/.env`)).mode! & 0o777, 0o600);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readEnvFile() leaves out a byte order mark", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "\ufeffA=1\n");
  assert.deepEqual(parseEnv(await readEnvFile(path)), { A: "1" });
  await Deno.remove(path);
});

Deno.test("writeEnvFile() writes through a link", async () => {
  const folder = await Deno.makeTempDir();
  const [link, target] = [`${folder}/.env`, `${folder}/settings/acme.env`];
  await Deno.mkdir(`${folder}/settings`);
  await Deno.writeTextFile(target, "A=1\n");
  await Deno.symlink(target, link);
  await writeEnvFile(link, "A=2\n");
  assert.ok((await Deno.lstat(link)).isSymlink);
  assert.equal(await Deno.readTextFile(target), "A=2\n");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("writeEnvFile() has no temporary file but .env.*, and removes it on failure", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/settings`;
  // A folder cannot be replaced by a file.
  await Deno.mkdir(path);
  const { rename } = Deno;
  const renamed: string[] = [];
  Deno.rename = (from, to) => {
    renamed.push(String(from));
    return rename(from, to);
  };
  try {
    await assert.rejects(writeEnvFile(path, "A=2\n"));
  } finally {
    Deno.rename = rename;
  }
  assert.equal(renamed.length, 1);
  assert.match(renamed[0]!, /\/\.env\.[^/]+$/);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), [
    "settings",
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("formatSetting() refuses what would be more than one line", () => {
  for (
    const value of ["key\nACCESS_TOKEN=theirs", "a\rb", "a\0b", "a\u2028b"]
  ) {
    assert.throws(() => formatSetting("A", value), /A has control characters/);
  }
});

Deno.test("readEnvFile() refuses UTF-16, with and without a byte order mark", async () => {
  const path = await Deno.makeTempFile({ suffix: ".env" });
  const le = new Uint8Array(
    new Uint16Array(
      [..."\ufeffZITADEL_DOMAIN=a.example\r\n"].map((it) => it.charCodeAt(0)),
    ).buffer,
  );
  const be = Uint8Array.from(
    le,
    (_, index) => le[index % 2 ? index - 1 : index + 1]!,
  );
  for (const bytes of [le, le.subarray(2), be, be.subarray(2)]) {
    await Deno.writeFile(path, bytes);
    await assert.rejects(readEnvFile(path), {
      name: "SettingsError",
      message:
        `The env file ${path} is UTF-16, as PowerShell's > writes it: save it as UTF-8`,
    });
  }
  await Deno.writeTextFile(path, "\ufeffPORT=1\n");
  assert.equal(await readEnvFile(path), "PORT=1\n");
  await Deno.remove(path);
});

Deno.test("a missing setting names the env file that does not exist", async () => {
  const path = await Deno.makeTempFile({ suffix: ".env" });
  const missing = () => required({}, "ZITADEL_DOMAIN", "its host", path);
  const config = () => readFunctionConfig({}, { envFile: path, env: {} });
  const note = `. There is no env file ${path}`;
  const isSaid = (is: boolean) => (error: unknown) =>
    error instanceof SettingsError && error.message.endsWith(note) === is;
  assert.throws(missing, isSaid(false));
  await assert.rejects(config, isSaid(false));
  await Deno.remove(path);
  assert.throws(missing, isSaid(true));
  await assert.rejects(config, isSaid(true));
});
