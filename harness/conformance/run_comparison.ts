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
import { lookAt } from "./subject.ts";

export interface ComparisonOptions {
  /** Print every comparison. */
  readonly verbose: boolean;
  readonly json: boolean;
}

/** What ZITADEL writes takes effect within tens of milliseconds, at times later. */
const SETTLE_MS = 300;

/** The timeout of the targets on the instance, as recorded. */
const TIMEOUT_MS = 1000;

/** The sandbox answers at once: a short timeout keeps the run short. */
const SANDBOX_TIMEOUT_MS = 300;

export async function runComparison(
  { verbose, json }: ComparisonOptions,
  io: Io,
): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const isSandbox = !io.env.ZITADEL_DOMAIN;
  const subject = await lookAt(
    isSandbox ? await startSubject(stack) : await nameSubject(io),
  );
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
    const reason = reasonFor(name, { isSandbox });
    if (!same && reason === undefined) unexpected++;
    if (json) continue;
    if (same && verbose) io.print(`${tint("good", "same   ")} ${name}`);
    if (same) continue;
    if (reason !== undefined) {
      if (verbose) io.print(`listed  ${name}: ${reason}`);
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

type NamedSubject = Parameters<typeof lookAt>[0];

async function startSubject(
  stack: AsyncDisposableStack,
): Promise<NamedSubject> {
  const sandbox = stack.use(await startSandbox());
  const settle = sandbox.settled;
  return { ...sandbox, timeoutMs: SANDBOX_TIMEOUT_MS, settle, note: () => {} };
}

async function nameSubject(io: Io): Promise<NamedSubject> {
  const env = await withAdminToken(io.env);
  return {
    origin: env.ZITADEL_DOMAIN!,
    adminToken: required(env, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT),
    loginClientToken: env.ZITADEL_LOGIN_CLIENT_TOKEN,
    timeoutMs: TIMEOUT_MS,
    settle: () => sleep(SETTLE_MS),
    note: io.error,
  };
}
