import assert from "node:assert/strict";
import { tempFolder } from "../../_temp_folder.ts";
import { runSteps } from "../../../harness/deploy/run_steps.ts";

const MODULE = import.meta.resolve("../../../harness/deploy/run_steps.ts");

function step(code: string, readsFile = false) {
  const command = ["deno", "eval", code];
  return { what: code, command, ...readsFile && { settings: ["A"] } };
}

Deno.test("runSteps() has the file only while a command reads it, and stops at the first that fails", async () => {
  await using temporary = await tempFolder();
  const folder = temporary.path;
  const [file, seen] = [`${folder}/deploy.env`, `${folder}/seen`];
  const fails = step("Deno.exit(3)");
  const failed = await runSteps([
    step(`Deno.copyFileSync("${file}", "${seen}")`, true),
    step(
      `Deno.copyFileSync("${seen}", "${file}.gone-" + [...Deno.readDirSync("${folder}")].length)`,
    ),
    fails,
    step(`Deno.removeSync("${seen}")`),
  ], { file, text: "A=1\n" });
  assert.equal(failed, fails);
  assert.equal(await Deno.readTextFile(seen), "A=1\n");
  // Only `seen` was there when the second command ran.
  assert.equal(await Deno.readTextFile(`${file}.gone-1`), "A=1\n");
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
});

/** Runs steps in a process of its own, which ends with 130 if a signal stops them. */
function spawnSteps(
  steps: readonly ReturnType<typeof step>[],
  file: string,
  env: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  const program = `import { runSteps } from "${MODULE}";
    const secrets = { file: "${file}", text: "A=1\\n" };
    await runSteps(${JSON.stringify(steps)}, secrets)
      .catch(({ name }) => Deno.exit(name === "Interrupted" ? 130 : 70));`;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    env,
    stdout: "piped",
  }).spawn();
}

Deno.test("runSteps() gives a command what it reads itself, and no administrator's token or setting", async () => {
  const print = step("console.log(JSON.stringify(Deno.env.toObject()))");
  const canaries = ["ZITADEL_ADMIN_TOKEN", "ACCESS_TOKEN", "JSR_URL"];
  const child = spawnSteps([print], "none.env", {
    ...Object.fromEntries(canaries.map((name) => [name, "canary"])),
    DENO_DEPLOY_TOKEN: "token",
  });
  const { stdout } = await child.output();
  const env = JSON.parse(new TextDecoder().decode(stdout));
  assert.ok(!Object.values(env).includes("canary"), JSON.stringify(env));
  assert.equal(env.DENO_DEPLOY_TOKEN, "token");
  assert.equal(env.DENO_NO_UPDATE_CHECK, "1");
});

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  Deno.test(`runSteps() leaves no file behind on ${signal}`, async () => {
    await using temporary = await tempFolder();
    const folder = temporary.path;
    const file = `${folder}/deploy.env`;
    const child = spawnSteps([
      step("console.log('begun'); setTimeout(() => {}, 600_000)", true),
      step(`Deno.writeTextFileSync("${folder}/next", "")`),
    ], file);
    const output = child.stdout.getReader();
    await output.read();
    assert.equal(await Deno.readTextFile(file), "A=1\n");
    child.kill(signal);
    while (!(await output.read()).done);
    assert.equal((await child.status).code, 130);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });
}
