/**
 * `deno task rotate`: shows the steps that are left, does them, and reports. With
 * `--credential` it adds a credential, or deletes the one that a former run replaced.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import { Interrupted } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { applySteps } from "../plan/change.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import {
  planRotation,
  readRotationSituation,
  type RotationOptions,
  type RotationPlace,
  type RotationPlan,
  type RotationStep,
} from "./plan_rotation.ts";
import {
  addCredential,
  type CredentialPlan,
  deleteReplaced,
  planCredentialRotation,
} from "./rotate_credential.ts";

/** The options of `deno task rotate`. */
export interface RotateOptions extends Omit<RotationOptions, "onWait"> {
  readonly envFile: string;
  /** Rotate the service user's credential instead of the signing key. */
  readonly credential: boolean;
  /** How long the new credential is valid. */
  readonly credentialDays: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

export async function runRotate(
  options: RotateOptions,
  io: Io,
): Promise<Outcome> {
  const { envFile, credential, json } = options;
  const { instance } = await connectWithEnvFile(envFile, io);
  // A program reads the JSON document only.
  const shown = json ? { ...io, print: () => {} } : io;
  const rotate = credential ? rotateCredential : rotateKey;
  const { outcome, document } = await rotate({ instance, envFile }, {
    options,
    io: shown,
  });
  const { origin } = instance;
  return json
    ? printJson(io, outcome, { instance: origin, ...document })
    : outcome;
}

interface Result {
  readonly outcome: Outcome;
  /** What `--json` prints. */
  readonly document: Readonly<Record<string, unknown>>;
}

interface Context {
  readonly options: RotateOptions;
  readonly io: Io;
}

async function rotateKey(
  place: RotationPlace,
  { options, io }: Context,
): Promise<Result> {
  const plan = planRotation(place, await readRotationSituation(place), {
    ...options,
    onWait: (seen, seconds) =>
      io.progress(`waiting until the key is accepted: ${seen}, ${seconds} s`),
  });
  const steps = plan.steps.map(({ step, text }) => ({ step, text }));
  io.print(`Instance  ${place.instance.origin}`);
  for (const { text } of steps) io.print(`  ${tint("faint", "-")} ${text}`);
  const result = (outcome: Outcome): Result => {
    const processes = plan.processes();
    const applied = outcome === "done";
    const counted = processes !== undefined && { processes };
    return { outcome, document: { applied, ...counted, steps } };
  };
  if (options.dryRun) return result("changes");
  if (!confirm(io, "Rotate the key?", options)) return result("declined");
  await makeSteps(plan, io);
  io.print(
    `${
      tint("good", "Rotated.")
    } The function accepts the old key until it is restarted or deployed with ${options.envFile} again; there is no hurry.`,
  );
  const processes = plan.processes();
  if (processes !== undefined) {
    const isCounted = options.processes !== undefined ||
      options.endpoint.length > 1;
    const rest = isCounted
      ? ""
      : ", all that were seen. If the function runs in more, check that they have it";
    io.print(`The new key was checked in ${count(processes)}${rest}.`);
  }
  return result("done");
}

async function makeSteps({ steps }: RotationPlan, io: Io): Promise<void> {
  const signal = io.untilInterrupted();
  const done: RotationStep[] = [];
  try {
    await applySteps(steps, {
      signal,
      onDone: (step) => {
        done.push(step);
        io.print(`${tint("good", "done")} ${step.text}`);
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    const left = steps.slice(done.length).map(({ text }) => `  - ${text}`);
    throw new Interrupted(
      `${done.length} of ${steps.length} steps are done. Not done:\n${
        left.join("\n")
      }\nRun the same command again: it continues from here`,
    );
  }
}

async function rotateCredential(
  place: RotationPlace,
  { options, io }: Context,
): Promise<Result> {
  const { envFile, dryRun } = options;
  const plan = await planCredentialRotation(place);
  io.print(`Instance  ${place.instance.origin}`);
  io.print(`  - ${describePlan(plan, options)}`);
  const result = (outcome: Outcome): Result => ({
    outcome,
    document: { step: plan.kind },
  });
  if (dryRun) return result("changes");
  if (!confirm(io, "Do that?", options)) return result("declined");
  const { replaced } = plan;
  if (plan.kind === "add") {
    await addCredential(place, replaced, { days: options.credentialDays });
    io.print(
      `${
        tint("good", "Added.")
      } Next: restart or deploy the function with ${envFile}, then run the same command again: it deletes the old one.`,
    );
    return result("done");
  }
  const processes = await deleteReplaced(place, replaced, {
    endpoints: options.endpoint,
    processes: options.processes,
    signal: io.untilInterrupted(),
  });
  io.print(
    `${tint("good", "Rotated.")} The new credential is used by ${
      count(processes)
    }, all that were seen.`,
  );
  if (replaced.id !== undefined) return result("done");
  io.error(
    `${
      tint("warning", "warning")
    }: which of the service user's tokens is the old one cannot be seen. Delete it in the console: Users > Service Users > Personal Access Tokens`,
  );
  return result("warnings");
}

function describePlan(
  plan: CredentialPlan,
  { envFile, credentialDays }: RotateOptions,
): string {
  const { kind, id } = plan.replaced;
  const what = kind === "key" ? "key" : "personal access token";
  return plan.kind === "add"
    ? `create a new ${what} for ${plan.loginName}, valid for ${credentialDays} days, and write it into ${envFile}; the old one keeps working`
    : `check that the function uses the new ${what}, then delete the old one${
      id === undefined ? "" : ` (${id})`
    }`;
}

function count(processes: number): string {
  return `${processes} ${processes === 1 ? "process" : "processes"}`;
}
