/**
 * `deno task conformance`: compares an instance, or the sandbox, with what was
 * recorded of its release, and prints what differs.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { ADMIN_TOKEN_HINT, required } from "../cli/settings.ts";
import { tint } from "../cli/terminal.ts";
import { startSandbox } from "../sandbox/sandbox.ts";
import { sleep } from "../util/sleep.ts";
import { withAdminToken } from "../zitadel/key_file.ts";
import { reasonFor } from "./differences.ts";
import { runConformance, type Verdict } from "./run.ts";
import { lookAt, lookAtSandbox, type Subject } from "./subject.ts";

/** What ZITADEL writes takes effect within tens of milliseconds, at times later. */
const SETTLE_MS = 300;

/** The timeout of the targets on the instance, as recorded. */
const TIMEOUT_MS = 1000;

export async function runComparison(
  { verbose, json }: { readonly verbose: boolean; readonly json: boolean },
  io: Io,
): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const isSandbox = !io.env.ZITADEL_DOMAIN;
  const subject = isSandbox
    ? await lookAtSandbox(stack.use(await startSandbox()))
    : await lookAtInstance(io);
  const { origin, release } = subject;
  if (!json) io.print(`Comparing ${origin} with ${release}`);
  const verdicts: Verdict[] = [];
  let unexpected = 0;
  const interrupted = io.untilInterrupted();
  for await (const verdict of runConformance(subject)) {
    // Leaving the loop removes what the run created.
    interrupted.throwIfAborted();
    verdicts.push(verdict);
    const { name, same, recorded, seen } = verdict;
    io.progress(`${verdicts.length} compared, ${name}`);
    const reason = isSandbox ? reasonFor(name) : undefined;
    if (!same && reason === undefined) unexpected++;
    if (json) continue;
    if (same || reason !== undefined) {
      const line = same
        ? `${tint("good", "same   ")} ${name}`
        : `listed  ${name}: ${reason}`;
      if (verbose) io.print(line);
      continue;
    }
    io.print(`${tint("bad", "differs")} ${name}`);
    io.print(`  recorded ${JSON.stringify(recorded) ?? "nothing"}`);
    io.print(`  seen     ${JSON.stringify(seen) ?? "nothing"}`);
  }
  const outcome = unexpected === 0 ? "done" : "failed";
  io.progress();
  if (json) return printJson(io, outcome, { origin, release, verdicts });
  io.print(`${verdicts.length} comparisons, ${unexpected} not as recorded`);
  return outcome;
}

async function lookAtInstance(io: Io): Promise<Subject> {
  const env = await withAdminToken(io.env);
  return await lookAt({
    origin: env.ZITADEL_DOMAIN!,
    adminToken: required(env, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT),
    loginClientToken: env.ZITADEL_LOGIN_CLIENT_TOKEN,
    timeoutMs: TIMEOUT_MS,
    settle: () => sleep(SETTLE_MS),
    note: io.error,
  });
}
