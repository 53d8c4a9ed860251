import assert from "node:assert/strict";
import { runSteps } from "../../../harness/deploy/run_steps.ts";

const MODULE = new URL(
  "../../../harness/deploy/run_steps.ts",
  import.meta.url,
);

function step(code: string, readsFile = false) {
  const command = ["deno", "eval", code];
  return { what: code, command, ...readsFile && { settings: ["A"] } };
}

Deno.test("runSteps() has the file only while a command reads it, and stops at the first that fails", async () => {
  const folder = await Deno.makeTempDir();
  const [file, seen] = [`${folder}/deploy.env`, `${folder}/seen`];
  const fails = step("Deno.exit(3)");
  const result = await runSteps([
    step(`Deno.copyFileSync("${file}", "${seen}")`, true),
    step(
      `Deno.copyFileSync("${seen}", "${file}.gone-" + [...Deno.readDirSync("${folder}")].length)`,
    ),
    fails,
    step(`Deno.removeSync("${seen}")`),
  ], { file, text: "A=1\n" });
  assert.deepEqual(result, { failed: fails, isInterrupted: false });
  assert.equal(await Deno.readTextFile(seen), "A=1\n");
  // Only `seen` was there when the second command ran.
  assert.equal(await Deno.readTextFile(`${file}.gone-1`), "A=1\n");
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("runSteps() gives a command what it reads itself, and no administrator's token or setting", async () => {
  const folder = await Deno.makeTempDir();
  const code =
    `Deno.writeTextFileSync("${folder}/env", JSON.stringify(Deno.env.toObject()))`;
  const program = `import { runSteps } from "${MODULE}";
    await runSteps(${
    JSON.stringify([step(code)])
  }, { file: "${folder}/deploy.env", text: "" });`;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    env: {
      ZITADEL_ADMIN_TOKEN: "canary",
      ACCESS_TOKEN: "canary",
      JSR_URL: "canary",
      DENO_DEPLOY_TOKEN: "token",
    },
  }).output();
  assert.ok(success);
  const env = JSON.parse(await Deno.readTextFile(`${folder}/env`));
  assert.ok(!Object.values(env).includes("canary"), JSON.stringify(env));
  assert.equal(env.DENO_DEPLOY_TOKEN, "token");
  assert.equal(env.DENO_NO_UPDATE_CHECK, "1");
  await Deno.remove(folder, { recursive: true });
});

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  Deno.test(`runSteps() leaves no file behind on ${signal}`, async () => {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/deploy.env`;
    const steps = [
      step("console.log('begun'); setTimeout(() => {}, 600_000)", true),
      step(`Deno.writeTextFileSync("${folder}/next", "")`),
    ];
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { runSteps } from "${MODULE}";
        const { isInterrupted } = await runSteps(${JSON.stringify(steps)}, {
          file: "${file}", text: "A=1\\n",
        });
        Deno.exit(isInterrupted ? 130 : 1);`,
      ],
      stdout: "piped",
    }).spawn();
    const output = child.stdout.getReader();
    await output.read();
    assert.equal(await Deno.readTextFile(file), "A=1\n");
    child.kill(signal);
    while (!(await output.read()).done);
    assert.equal((await child.status).code, 130);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await Deno.remove(folder, { recursive: true });
  });
}
