/**
 * `deno task rotate`: shows the steps that are left, does them, and reports.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import { Interrupted } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { parseUrl } from "../cli/parse.ts";
import { tint } from "../cli/terminal.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import { describeStep } from "./describe_step.ts";
import { planRotation, type RotationStep } from "./plan_rotation.ts";
import {
  readRotationSituation,
  rotate,
  type Rotated,
  type RotationPlace,
} from "./rotate.ts";
import type { RotateOptions } from "./rotate_options.ts";
import { runRotateCredential } from "./run_rotate_credential.ts";

export async function runRotate(
  options: RotateOptions,
  io: Io,
): Promise<Outcome> {
  for (const url of options.endpoint) parseUrl(url, "--endpoint");
  if (options.credential) return await runRotateCredential(options, io);
  const { name, envFile, dryRun, json } = options;
  const { instance } = await connectWithEnvFile(envFile, io);
  const place = { instance, envFile };
  const { steps } = planRotation(await readRotationSituation(place), name);
  const described = steps.map((step) => ({
    step,
    text: describeStep(step, options),
  }));
  if (!json) {
    io.print(`Instance  ${instance.origin}`);
    for (const { text } of described) {
      io.print(`  ${tint("faint", "-")} ${text}`);
    }
  }
  const report = (outcome: Outcome, { processes }: Partial<Rotated> = {}) =>
    json
      ? printJson(io, outcome, {
        instance: instance.origin,
        applied: outcome === "done",
        ...(processes !== undefined && { processes }),
        steps: described,
      })
      : outcome;
  if (dryRun) return report(steps.length > 0 ? "changes" : "done");
  if (!confirm(io, "Rotate the key?", options)) return report("declined");
  const rotated = await applySteps(place, steps, { options, io });
  if (!json) {
    for (const line of describeResult(rotated, options)) io.print(line);
  }
  return report("done", rotated);
}

async function applySteps(
  place: RotationPlace,
  steps: readonly RotationStep[],
  { options, io }: { readonly options: RotateOptions; readonly io: Io },
): Promise<Rotated> {
  const { name, wait, endpoint, processes, json } = options;
  const signal = io.untilInterrupted();
  const done: RotationStep[] = [];
  const describe = (step: RotationStep) => describeStep(step, options);
  try {
    return await rotate(place, name, {
      waitSeconds: wait,
      endpoints: endpoint,
      processes,
      signal,
      onStep: (step) => {
        done.push(step);
        if (!json) io.print(`${tint("good", "done")} ${describe(step)}`);
      },
      onWait: (seen, seconds) =>
        io.progress(`waiting until the key is accepted: ${seen}, ${seconds} s`),
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    const left = steps.filter((step) => !done.includes(step));
    throw new Interrupted(
      `${done.length} of ${steps.length} steps are done. Not done:\n${
        left.map((step) => `  - ${describe(step)}`).join("\n")
      }\nRun the same command again: it continues from here`,
    );
  }
}

function describeResult(
  { processes }: Rotated,
  { envFile, processes: expected, endpoint }: RotateOptions,
): string[] {
  const rotated = `${
    tint("good", "Rotated.")
  } The function accepts the old key until it is restarted or deployed with ${envFile} again; there is no hurry.`;
  if (processes === undefined) return [rotated];
  const isCounted = expected !== undefined || endpoint.length > 1;
  const count = `${processes} ${processes === 1 ? "process" : "processes"}`;
  return [
    rotated,
    isCounted
      ? `The new key was checked in ${count}.`
      : `The new key was checked in ${count}, all that were seen. If the function runs in more, check that they have it.`,
  ];
}
