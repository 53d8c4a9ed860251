/**
 * `deno task rotate`: shows the steps that are left, does them, and reports.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import type { Instance } from "../zitadel/client.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { listTargets } from "../zitadel/target.ts";
import { describeStep } from "./describe_step.ts";
import { planRotation, rotate, type RotationStep } from "./rotate.ts";

export interface RotateOptions {
  /** The target's name. */
  readonly name: string;
  readonly envFile: string;
  /** How long to wait for the function to take the new key, in seconds. */
  readonly wait: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

export async function runRotate(
  options: RotateOptions,
  io: Io,
): Promise<Outcome> {
  const { name, envFile, dryRun, json } = options;
  const { instance } = await connectAsAdmin(envFile, io);
  const { steps } = planRotation(await listTargets(instance), name);
  const described = steps.map((step) => ({
    step,
    text: printable(describeStep(step, { name, envFile })),
  }));
  if (!json) {
    io.print(`Instance  ${instance.origin}`);
    for (const { text } of described) {
      io.print(`  ${tint("faint", "-")} ${text}`);
    }
  }
  const report = (outcome: Outcome) =>
    json
      ? printJson(io, outcome, {
        instance: instance.origin,
        applied: outcome === "done",
        steps: described,
      })
      : outcome;
  if (dryRun) return report(steps.length > 0 ? "changes" : "done");
  if (!confirm(io, "Rotate the key?", options)) return report("declined");
  await applySteps(instance, options, io);
  if (!json) {
    io.print(
      `${
        tint("good", "Rotated.")
      } The function accepts the old key until it is restarted or deployed with ${envFile} again; there is no hurry.`,
    );
  }
  return report("done");
}

async function applySteps(
  instance: Instance,
  options: RotateOptions,
  io: Io,
): Promise<void> {
  const { name, envFile, wait, json } = options;
  await rotate({ instance, envFile }, name, {
    waitSeconds: wait,
    signal: io.untilInterrupted(),
    onStep: (step: RotationStep) => {
      if (json) return;
      const text = printable(describeStep(step, options));
      io.print(`${tint("good", "done")} ${text}`);
    },
    onWait: (seen, seconds) =>
      io.progress(
        `waiting for the function to take the new key: ${seen}, ${seconds} s`,
      ),
  });
}
