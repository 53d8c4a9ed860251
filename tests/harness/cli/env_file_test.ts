import assert from "node:assert/strict";
import { replaced } from "./_replaced.ts";
import { tempFolder } from "../../_temp_folder.ts";
import { testEach } from "../../_test_each.ts";
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
BROKEN LINE
`;

Deno.test("parseEnv() reads what Deno reads from the same file", async () => {
  const text = `# the function
A="abc" # note
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
  await using folder = await tempFolder();
  const script =
    'console.log(JSON.stringify(Object.fromEntries([..."ABCDEFGIJL"].map((it) => [it, Deno.env.get(it)]))))';
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `--env-file=${await folder.write(text)}`, script],
    stderr: "null",
  }).output();
  const own = parseEnv(text);
  assert.deepEqual(own, JSON.parse(new TextDecoder().decode(stdout)));
  assert.equal(own.A, "abc");
});

testEach(
  "withSetting() changes one line and keeps the others",
  {
    "changed": [TEXT, "2", TEXT.replace("export PORT = 1", "PORT=2")],
    "added": ["# a\n", "2", "# a\nPORT=2\n"],
    "added to an empty text": ["", "2", "PORT=2\n"],
    "added to a line without an end": ["A=1", "2", "A=1\nPORT=2\n"],
    "removed": ["PORT=1\nB=2\n", undefined, "B=2\n"],
    "removed, the only one": ["PORT=1\n", undefined, ""],
    "changed, one that occurs twice": [
      "PORT=1\nB=2\nPORT=3\n",
      "4",
      "PORT=4\nB=2\n",
    ],
  } as Record<string, [string, string | undefined, string]>,
  ([text, value, expected]) => {
    assert.equal(withSetting(text, "PORT", value), expected);
  },
);

const KEY = JSON.stringify({ key: "-----BEGIN RSA PRIVATE KEY-----\nMII+/=" });

testEach(
  "formatSetting() is read back by parseEnv(), and quotes only what could not be",
  {
    "a b": "a b",
    '{"a":"b"}': '{"a":"b"}',
    "a#b": "'a#b'",
    "a #b": "'a #b'",
    "$HOME": "'$HOME'",
    "a,b=": "a,b=",
    "a\\b": "a\\b",
    [KEY]: KEY,
  },
  (written, value) => {
    assert.equal(formatSetting("A", value), `A=${written}`);
    assert.equal(parseEnv(formatSetting("A", value)).A, value);
  },
);

Deno.test("splitKeys() ignores blanks and empty keys", () => {
  assert.deepEqual(splitKeys(" a, b ,,"), ["a", "b"]);
  assert.deepEqual(splitKeys(undefined), []);
});

const namesIn = (path: string) =>
  [...Deno.readDirSync(path)].map(({ name }) => name);

Deno.test("writeEnvFile() keeps the owner and mode of a file, and leaves no other", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("A=1\n", ".env");
  await Deno.chmod(path, 0o640);
  const owned: unknown[] = [];
  const { stat } = Deno;
  {
    using _ = replaced(Deno, {
      stat: async (it: string) =>
        it === path ? { ...await stat(it), uid: 12, gid: 34 } : stat(it),
      chown: (_: string, uid: number, gid: number) =>
        Promise.resolve(void owned.push(uid, gid)),
    });
    await writeEnvFile(path, "A=2\n");
  }
  assert.deepEqual(owned, [12, 34]);
  assert.equal(await Deno.readTextFile(path), "A=2\n");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o640);
  assert.deepEqual(namesIn(folder.path), [".env"]);
});

Deno.test("writeEnvFile() creates a file that only its owner reads, and writes through a link", async () => {
  await using folder = await tempFolder();
  const [target, link] = [`${folder.path}/acme.env`, `${folder.path}/.env`];
  await writeEnvFile(target, "A=1\n");
  assert.equal((await Deno.stat(target)).mode! & 0o777, 0o600);
  await Deno.symlink(target, link);
  await writeEnvFile(link, "A=2\n");
  assert.ok((await Deno.lstat(link)).isSymlink);
  assert.equal(await Deno.readTextFile(target), "A=2\n");
});

Deno.test("writeEnvFile() has no temporary file but .env.*, and removes it on failure", async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/settings`;
  // A folder cannot be replaced by a file.
  await Deno.mkdir(path);
  const { rename } = Deno;
  const renamed: string[] = [];
  {
    using _ = replaced(Deno, {
      rename(from: string, to: string) {
        renamed.push(from);
        return rename(from, to);
      },
    });
    await assert.rejects(writeEnvFile(path, "A=2\n"));
  }
  assert.equal(renamed.length, 1);
  assert.match(renamed[0]!, /\/\.env\.[^/]+$/);
  assert.deepEqual(namesIn(folder.path), ["settings"]);
});

Deno.test("formatSetting() refuses what would be more than one line", () => {
  for (
    const value of ["key\nACCESS_TOKEN=theirs", "a\rb", "a\0b", "a\u2028b"]
  ) {
    assert.throws(() => formatSetting("A", value), /A has control characters/);
  }
});

Deno.test("readEnvFile() leaves out a byte order mark, and refuses UTF-16 with and without one", async () => {
  await using folder = await tempFolder();
  const marked = await folder.write("\ufeffPORT=1\n");
  assert.equal(await readEnvFile(marked), "PORT=1\n");
  const units = [..."\ufeffZITADEL_DOMAIN=a.example\r\n"];
  const le = new Uint8Array(
    Uint16Array.from(units, (it) => it.charCodeAt(0)).buffer,
  );
  const be = le.map((_, index) => le[index ^ 1]!);
  for (const bytes of [le, le.subarray(2), be, be.subarray(2)]) {
    const path = await folder.write(bytes);
    await assert.rejects(readEnvFile(path), {
      name: "SettingsError",
      message:
        `The env file ${path} is UTF-16, as PowerShell's > writes it: save it as UTF-8`,
    });
  }
});

Deno.test("a missing setting names the env file that does not exist", async () => {
  await using folder = await tempFolder();
  const path = await folder.write("");
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
