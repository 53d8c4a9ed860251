import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { readAcknowledgements } from "../../harness/doctor/acknowledge.ts";
import { EXIT } from "../../harness/cli/exit.ts";
import { ROOT } from "../_source_files.ts";
import { helpOf } from "../_tasks.ts";

const FOLDER = new URL("examples/doctor/", ROOT);
const read = (name: string) => Deno.readTextFile(new URL(name, FOLDER));

Deno.test("examples/doctor/ runs doctor with options that it has, three times alike", async () => {
  const { spec } = parse(await read("cronjob.yaml")).spec.jobTemplate.spec
    .template;
  const workflow = parse(await read("doctor.yml"));
  const unit = await read("permissions-doctor.service");
  const commands: string[] = [
    spec.containers[0].command.join(" "),
    workflow.jobs.doctor.steps.at(-1).run.trim().split("\n").at(-1),
    /^ExecStart=\S+\/(deno .*)$/m.exec(unit)![1]!,
  ];
  const help = await helpOf("doctor");
  for (const command of commands) {
    assert.match(command, /^deno task doctor /);
    const options = command.match(/--[a-z-]+/g);
    assert.deepEqual(options, ["--env-file", "--acknowledged"]);
    for (const option of options) assert.ok(help.includes(`  ${option} FILE`));
  }
});

Deno.test("examples/doctor/cronjob.yaml has the least rights, and mounts what its command reads", async () => {
  const { spec } = parse(await read("cronjob.yaml")).spec.jobTemplate.spec
    .template;
  const [container] = spec.containers;
  const { securityContext, volumeMounts, command, env, image } = container;
  const job = await Deno.readTextFile(
    new URL("examples/operator-job.yaml", ROOT),
  );
  assert.ok(job.includes(` image: ${image} `), "both run the operator's image");
  assert.equal(container.workingDir, undefined);
  assert.equal(spec.automountServiceAccountToken, false);
  assert.equal(spec.securityContext.runAsNonRoot, true);
  assert.equal(securityContext.readOnlyRootFilesystem, true);
  assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] });
  const [{ mountPath }] = volumeMounts;
  const paths = [
    ...command,
    ...env.map(({ value }: { value: string }) => value),
  ]
    .filter((it: string) => it.startsWith("/"));
  assert.equal(paths.length, 3);
  assert.ok(paths.every((it: string) => it.startsWith(`${mountPath}/`)));
});

Deno.test("examples/doctor/ names every exit code, and its acknowledgements can be read", async () => {
  const text = await read("README.md");
  const codes = text.matchAll(/^\| ([\d, ]+) +\|/gm).flatMap(([, cell]) =>
    cell!.split(",").map(Number)
  );
  assert.deepEqual([...codes], Object.values(EXIT));
  const path = fileURLToPath(new URL("acknowledged.json", FOLDER));
  assert.equal((await readAcknowledgements(path)).length, 1);
});
