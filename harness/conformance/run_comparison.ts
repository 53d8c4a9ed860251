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
import { lookAt, type Subject } from "./subject.ts";

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
  const subject = isSandbox
    ? await startSubject(stack)
    : await connectSubject(io);
  const { origin, release } = subject;
  if (!json) io.print(`Comparing ${origin} with ${release}`);
  const verdicts: Verdict[] = [];
  const interrupted = io.untilInterrupted();
  for await (const verdict of runConformance(subject)) {
    // Leaving the loop removes what the run created.
    interrupted.throwIfAborted();
    verdicts.push(verdict);
    io.progress(`${verdicts.length} compared, ${verdict.name}`);
    if (json) continue;
    const lines = formatVerdict(verdict, { isSandbox, verbose });
    for (const line of lines) io.print(line);
  }
  const unexpected = verdicts.filter(({ name, same }) =>
    !same && reasonFor(name, { isSandbox }) === undefined
  );
  const outcome = unexpected.length === 0 ? "done" : "failed";
  io.progress();
  if (json) return printJson(io, outcome, { origin, release, verdicts });
  io.print(
    `${verdicts.length} comparisons, ${unexpected.length} not as recorded`,
  );
  return outcome;
}

async function startSubject(stack: AsyncDisposableStack): Promise<Subject> {
  const sandbox = stack.use(await startSandbox());
  return await lookAt({
    ...sandbox,
    timeoutMs: SANDBOX_TIMEOUT_MS,
    settle: sandbox.settled,
    note: () => {},
  });
}

async function connectSubject(io: Io): Promise<Subject> {
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

function formatVerdict(
  { name, same, recorded, seen }: Verdict,
  { isSandbox, verbose }: {
    readonly isSandbox: boolean;
    readonly verbose: boolean;
  },
): string[] {
  const reason = reasonFor(name, { isSandbox });
  if (same) return verbose ? [`${tint("good", "same   ")} ${name}`] : [];
  if (reason !== undefined) {
    return verbose ? [`listed  ${name}: ${reason}`] : [];
  }
  return [
    `${tint("bad", "differs")} ${name}`,
    `  recorded ${JSON.stringify(recorded) ?? "nothing"}`,
    `  seen     ${JSON.stringify(seen) ?? "nothing"}`,
  ];
}
