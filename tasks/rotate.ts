/**
 * `deno task rotate`: gives the target a new signing key, with no call refused.
 *
 * @module
 */
import { parseArgs } from "node:util";
import {
  planRotation,
  rotate as rotateKey,
  type RotationStep,
} from "../harness/rotate/rotate.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  parseSeconds,
  readSettings,
  required,
  runTask,
} from "../harness/cli/task.ts";
import { ask, progress, tint } from "../harness/cli/terminal.ts";
import { connect } from "../harness/zitadel/client.ts";
import { DEFAULT_TARGET_NAME, listTargets } from "../harness/zitadel/target.ts";

const HELP =
  `Gives the target a new signing key, and refuses no call at any moment.

  deno task rotate [options]

A second target with a key of its own takes over: its key is added to the env
file beside the old one; once the running function accepts it, the second target
takes the first one's place wherever that is bound; then the first target and
its key go. Between the first and the second step, restart or deploy the function
with the env file: this waits. Interrupted, it goes on where it stopped.

  --name NAME      the target's name (default "${DEFAULT_TARGET_NAME}")
  --env-file FILE  holds the signing keys (default .env)
  --wait 30m       how long to wait for the function to take the new key
  --dry-run        show the steps, change nothing
  --yes            do not ask
  --json           print one JSON document
  --help           print this

Settings: ZITADEL_DOMAIN   ${DOMAIN_HINT}
          ZITADEL_ADMIN_TOKEN   ${ADMIN_TOKEN_HINT}
They are read from the environment, else from the env file.`;

/**
 * Runs the task.
 *
 * @param args The command line.
 * @returns The exit code: 0 done, 1 not confirmed.
 */
export async function rotate(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      name: { type: "string", default: DEFAULT_TARGET_NAME },
      "env-file": { type: "string", default: ".env" },
      wait: { type: "string", default: "30m" },
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { name, json, "env-file": envFile } = values;
  const settings = await readSettings(envFile);
  const instance = connect(
    required(settings, "ZITADEL_DOMAIN", DOMAIN_HINT),
    required(settings, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT),
  );
  const waitSeconds = parseSeconds(values.wait, "--wait");
  const { steps } = planRotation(await listTargets(instance), name);
  const text = (step: RotationStep) => describeStep(step, { name, envFile });
  if (!json) {
    console.log(`Instance  ${instance.origin}`);
    for (const step of steps) {
      console.log(`  ${tint("faint", "-")} ${text(step)}`);
    }
  }
  const confirmed = values["dry-run"] || values.yes ||
    (json ? undefined : ask("Rotate the key?"));
  if (!confirmed) {
    if (confirmed === undefined) {
      console.error("Nothing was changed: nobody can be asked here. Use --yes");
    }
    return 1;
  }
  const applied = !values["dry-run"];
  if (applied) {
    const show = progress();
    await rotateKey({ instance, envFile }, name, {
      waitSeconds,
      onStep: (step) => {
        show();
        if (!json) console.log(`${tint("good", "done")} ${text(step)}`);
      },
      onWait: (seen, seconds) =>
        show(
          `waiting for the function to take the new key: ${seen}`,
          `, ${seconds} s`,
        ),
    });
  }
  if (json) {
    console.log(JSON.stringify({
      instance: instance.origin,
      applied,
      steps: steps.map((step) => ({ step, text: text(step) })),
    }));
  } else if (applied) {
    console.log(
      `${
        tint("good", "Rotated.")
      } The function accepts the old key until it is restarted or deployed with ${envFile} again; do that at leisure.`,
    );
  }
  return 0;
}

function describeStep(
  step: RotationStep,
  { name, envFile }: { name: string; envFile: string },
): string {
  switch (step) {
    case "create-successor":
      return `create a second target "${name} (successor)" with a key of its own`;
    case "add-key":
      return `write its key into ${envFile} beside the old one`;
    case "wait":
      return `wait until the function accepts it: restart or deploy it with ${envFile}`;
    case "swap":
      return "put the second target in the first one's place wherever that is bound";
    case "drop-key":
      return `take the old key out of ${envFile}`;
    case "delete-predecessor":
      return "delete the first target";
    case "rename":
      return `give the second target the name "${name}"`;
  }
}

if (import.meta.main) await runTask(rotate);
