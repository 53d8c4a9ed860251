import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { parse } from "yaml";
import { ROOT } from "../_source_files.ts";

const FOLDER = fileURLToPath(ROOT);
const BEFORE = '{"admin": ["a"]}';

const COMMIT = `git init --quiet && git remote add origin . && git add . &&
  git -c user.name=a -c user.email=a@example.com commit --quiet -m before &&
  git rev-parse HEAD`;

/** A repository of someone else with a changed roles file, and `deno` in the path. */
async function createRepository(after: string) {
  const folder = await Deno.makeTempDir();
  const cwd = `${folder}/repository`;
  const roles = `${cwd}/roles.json`;
  await Deno.mkdir(cwd);
  await Deno.symlink(Deno.execPath(), `${folder}/deno`);
  await Deno.writeTextFile(roles, BEFORE);
  const home = Deno.env.get("HOME");
  const run = async (
    command: string,
    args: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ) => {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      cwd,
      clearEnv: true,
      env: {
        PATH: `${folder}:${Deno.env.get("PATH")}`,
        HOME: folder,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? `${home}/.cache/deno`,
        ...more,
      },
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: decode(stdout), stderr: decode(stderr) };
  };
  const { stdout: base } = await run("sh", ["-c", COMMIT]);
  await Deno.writeTextFile(roles, after);
  return {
    base: base.trim(),
    folder,
    run,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function runAction(after: string, from: "base" | "nothing") {
  await using repository = await createRepository(after);
  const { folder, base } = repository;
  const action = parse(await Deno.readTextFile(`${FOLDER}/action.yml`));
  const script: string = action.runs.steps.at(-1).run;
  const args = ["--noprofile", "--norc", "-eo", "pipefail", "-c", script];
  const summary = `${folder}/summary.md`;
  const result = await repository.run("bash", args, {
    FILE: action.inputs.file.default,
    BASE: from === "base" ? base : "",
    ACTION: FOLDER,
    RUNNER_TEMP: folder,
    GITHUB_ACTIONS: "true",
    GITHUB_STEP_SUMMARY: summary,
  });
  return { ...result, summary: await Deno.readTextFile(summary) };
}

Deno.test("action.yml annotates the pull request and summarizes who gains and loses what", async () => {
  const { code, stdout, stderr, summary } = await runAction(
    '{"admin": ["b"]}',
    "base",
  );
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^::notice file=roles\.json,title=Permissions::admin \(changed\)%0A {2}\+ b%0A {2}- a$/m,
  );
  assert.match(summary, /^```\n(?:[^:].*\n)* {4}\+ b\n {4}- a\n/);
  assert.doesNotMatch(summary, /::/);
});

Deno.test("action.yml fails on errors alone, and points to them", async () => {
  const error = await runAction('{\n  "admin": [1]\n}', "nothing");
  assert.equal(error.code, 2);
  assert.match(error.stdout, /^::error file=roles\.json,line=2,col=13::/m);
  const warning = await runAction('{"admin": ["a b"]}', "nothing");
  assert.equal(warning.code, 0, warning.stderr);
  assert.match(warning.stdout, /^::warning /m);
});

Deno.test("the pre-commit hook checks a roles file from another repository's folder", async () => {
  const text = await Deno.readTextFile(`${FOLDER}/.pre-commit-hooks.yaml`);
  const [hook] = parse(text);
  const [script, ...words] = hook.entry.split(" ");
  await using repository = await createRepository('{"admin": [1]}');
  const { code, stdout } = await repository.run(
    FOLDER + script,
    [...words, ...hook.args],
  );
  assert.equal(code, 2);
  assert.equal(
    stdout.trim(),
    "error  roles.json:1:12: admin[0]: is not a string",
  );
  assert.ok(new RegExp(hook.files).test("config/roles.json"));
});
