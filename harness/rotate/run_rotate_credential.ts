/**
 * `deno task rotate --credential`: adds a credential, or deletes the one that a
 * former run replaced.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import type { ReplacedCredential } from "./replaced_credential.ts";
import {
  addCredential,
  type CredentialPlan,
  deleteReplaced,
  planCredentialRotation,
} from "./rotate_credential.ts";
import type { RotateOptions } from "./rotate_options.ts";

const NAMES = { key: "key", pat: "personal access token" } as const;

export async function runRotateCredential(
  options: RotateOptions,
  io: Io,
): Promise<Outcome> {
  const { envFile, dryRun, json } = options;
  const { instance } = await connectWithEnvFile(envFile, io);
  const place = { instance, envFile };
  const plan = await planCredentialRotation(place);
  if (!json) {
    io.print(`Instance  ${instance.origin}`);
    io.print(`  - ${describePlan(plan, options)}`);
  }
  const report = (outcome: Outcome) =>
    json
      ? printJson(io, outcome, { instance: instance.origin, step: plan.kind })
      : outcome;
  if (dryRun) return report("changes");
  if (!confirm(io, "Do that?", options)) return report("declined");
  const { replaced } = plan;
  const say = (line: string) => {
    if (!json) io.print(line);
  };
  if (plan.kind === "add") {
    await addCredential(place, replaced, { days: options.credentialDays });
    say(
      `${
        tint("good", "Added.")
      } Next: restart or deploy the function with ${envFile}, then run the same command again: it deletes the old one.`,
    );
    return report("done");
  }
  const processes = await deleteReplaced(place, replaced, {
    endpoints: options.endpoint,
    processes: options.processes,
    signal: io.untilInterrupted(),
  });
  say(
    `${tint("good", "Rotated.")} The new credential is used by ${processes} ${
      processes === 1 ? "process" : "processes"
    }, all that were seen.`,
  );
  if (replaced.id !== undefined) return report("done");
  io.error(
    `${
      tint("warning", "warning")
    }: which of the service user's tokens is the old one cannot be seen. Delete it in the console: Users > Service Users > Personal Access Tokens`,
  );
  return report("warnings");
}

function describePlan(
  plan: CredentialPlan,
  { envFile, credentialDays }: RotateOptions,
): string {
  const { replaced } = plan;
  const kind = NAMES[replaced.kind];
  return plan.kind === "add"
    ? `create a new ${kind} for ${plan.loginName}, valid for ${credentialDays} days, and write it into ${envFile}; the old one keeps working`
    : `check that the function uses the new ${kind}, then delete the old one${
      nameOf(replaced)
    }`;
}

function nameOf({ id }: ReplacedCredential): string {
  return id === undefined ? "" : ` (${id})`;
}
