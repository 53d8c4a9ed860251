import assert from "node:assert/strict";
import { formatCommands } from "../../../harness/deploy/format_commands.ts";
import { tempFolder } from "../../_temp_folder.ts";
import { planDeployment } from "../../../harness/deploy/plan.ts";

Deno.test("formatCommands() prints what a shell runs as it is meant, and leaves no secrets behind", async () => {
  await using folder = await tempFolder();
  const envFile = await folder.write(
    "ZITADEL_DOMAIN=a.example\nexport ACCESS_TOKEN='t'\nZITADEL_ADMIN_TOKEN=admin\n",
    "it's mine.env",
  );
  // Prints its arguments, and the file that it uploads; fails as it is told.
  const deno = await folder.write(
    '#!/bin/sh\nprintf "<%s>" "$@"; echo\n[ "$3" = load ] && cat "$4" && exit ${FAIL:-0}\nexit 0\n',
    "deno",
  );
  await Deno.chmod(deno, 0o755);
  const steps = planDeployment({
    organization: "my org; touch pwned",
    app: "it",
    region: "eu",
    create: false,
    settings: ["ZITADEL_DOMAIN", "ACCESS_TOKEN"],
  });
  const commands = formatCommands(steps, envFile).join("\n");
  const run = async (FAIL: string) => {
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", commands],
      cwd: folder.path,
      env: { PATH: `${folder.path}:${Deno.env.get("PATH")}`, FAIL },
    }).output();
    return new TextDecoder().decode(stdout);
  };
  for (const fail of ["0", "1"]) {
    const output = await run(fail);
    assert.match(output, /<--org><my org; touch pwned>/);
    assert.match(
      output,
      /^ZITADEL_DOMAIN=a\.example\nexport ACCESS_TOKEN='t'$/m,
    );
    assert.ok(!output.includes("admin"));
    assert.equal(output.includes("<--prod>"), fail === "0");
    const files = [...Deno.readDirSync(folder.path)].map(({ name }) => name)
      .sort();
    assert.deepEqual(files, ["deno", "it's mine.env"]);
  }
});
