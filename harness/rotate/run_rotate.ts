/**
 * `deno task rotate`: shows the steps that are left, does them, and reports. With
 * `--credential` it adds a credential, or deletes the one that a former run replaced.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { carryOut, decide } from "../plan/carry_out.ts";
import { printPlan } from "../plan/print_plan.ts";
import { readState } from "../setup/plan.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import type { RotateOptions } from "./command_line.ts";
import { planRotation } from "./plan_rotation.ts";
import { planCredentialRotation } from "./rotate_credential.ts";

export async function runRotate(
  given: RotateOptions,
  terminal: Io,
): Promise<Outcome> {
  const options = { ...given, probe: [...given.probe, ...given.endpoint] };
  const { envFile, credential, json } = options;
  const { instance } = await connectWithEnvFile(envFile, terminal);
  // A program reads the JSON document only.
  const io = json ? { ...terminal, print: () => {} } : terminal;
  const place = { instance, envFile, organization: undefined };
  const rotation = credential
    ? await planCredentialRotation(place, options)
    : planRotation(place, await readState(place), {
      ...options,
      onWait: (seen, seconds) =>
        io.progress(`waiting until the key is accepted: ${seen}, ${seconds} s`),
    });
  const { steps, report } = rotation;
  printPlan({ instance, steps }, io);
  const question = credential ? "Do that?" : "Rotate the key?";
  let outcome = await decide(steps, place, { ...options, io, question });
  if (outcome === undefined) {
    const signal = io.untilInterrupted();
    const onDone = ({ lines }: typeof steps[number]) =>
      io.print(`${tint("good", "done")} ${lines[0]!.text}`);
    await carryOut(steps, { io, signal, onDone }, (apply) => apply(steps));
    outcome = report(io);
  }
  if (!json) return outcome;
  const shown = steps.map(({ step, lines }) => ({
    step,
    text: lines[0]!.text,
  }));
  return printJson(terminal, outcome, {
    instance: instance.origin,
    ...credential ? { step: steps[0]!.step } : {
      applied: outcome === "done",
      processes: rotation.processes?.(),
      steps: shown,
    },
  });
}
