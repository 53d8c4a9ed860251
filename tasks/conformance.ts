/** `deno task conformance`: is an instance as it was recorded to be? */
import { parseArgs } from "node:util";
import { reasonFor } from "../harness/conformance/differences.ts";
import { runConformance, type Verdict } from "../harness/conformance/run.ts";
import { lookAt, type Subject } from "../harness/conformance/subject.ts";
import { runTask, UsageError } from "../harness/cli/task.ts";
import { tint } from "../harness/cli/terminal.ts";
import { startSandbox } from "../harness/sandbox/sandbox.ts";

const HELP =
  `Compare an instance with what was recorded of its release: the API, tokens, what targets are sent and what becomes of their answers.

Usage: deno task conformance [--json] [--verbose]

  --json      print one JSON document
  --verbose   name every comparison, not only those that differ

Environment:
  ZITADEL_DOMAIN               the instance; without it the sandbox is compared
  ZITADEL_ADMIN_TOKEN          a token of an IAM_OWNER
  ZITADEL_LOGIN_CLIENT_TOKEN   a token of an IAM_LOGIN_CLIENT, to log people in

It makes organizations of its own and removes them. Meanwhile it binds targets
on this machine to preaccesstoken and preuserinfo of the whole instance, and puts
back what was bound: run it against an instance that nobody uses.`;

/** What ZITADEL writes is in force after tens of milliseconds, at times later. */
const SETTLE_MS = 300;

await runTask(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean" },
      json: { type: "boolean" },
      verbose: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  return await compare(values);
});

interface Output {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

async function compare(output: Output): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const subject = await subjectOf(stack);
  const isSandbox = Deno.env.get("ZITADEL_DOMAIN") === undefined;
  console.error(`Comparing ${subject.origin} with ${subject.release}`);
  const verdicts: Verdict[] = [];
  // Leaving the loop removes what was made; ending the process would not.
  let isInterrupted = false;
  Deno.addSignalListener("SIGINT", () => isInterrupted = true);
  for await (const verdict of runConformance(subject)) {
    if (isInterrupted) break;
    verdicts.push(verdict);
    if (!output.json) report(verdict, { isSandbox, ...output });
  }
  const unexpected = verdicts.filter(({ name, same }) =>
    !same && reasonFor(name, { isSandbox }) === undefined
  );
  if (output.json) {
    const { origin, release } = subject;
    console.log(JSON.stringify({ origin, release, verdicts }, null, 2));
  } else {
    console.log(
      `${verdicts.length} comparisons, ${unexpected.length} not as recorded` +
        (isInterrupted ? ", interrupted" : ""),
    );
  }
  return unexpected.length === 0 && !isInterrupted ? 0 : 1;
}

async function subjectOf(stack: AsyncDisposableStack): Promise<Subject> {
  const origin = Deno.env.get("ZITADEL_DOMAIN");
  if (origin === undefined) {
    const sandbox = stack.use(await startSandbox());
    return await lookAt({
      ...sandbox,
      timeoutMs: 100,
      settle: sandbox.settled,
    });
  }
  const adminToken = Deno.env.get("ZITADEL_ADMIN_TOKEN");
  if (!adminToken) {
    throw new UsageError(
      "ZITADEL_ADMIN_TOKEN is not set: a token of an IAM_OWNER",
    );
  }
  return await lookAt({
    origin,
    adminToken,
    loginClientToken: Deno.env.get("ZITADEL_LOGIN_CLIENT_TOKEN"),
    settle: () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS)),
  });
}

function report(
  { name, same, recorded, seen }: Verdict,
  { isSandbox, verbose }: Output & { readonly isSandbox: boolean },
) {
  const reason = reasonFor(name, { isSandbox });
  if (same) {
    if (verbose) console.log(`${tint("good", "same   ")} ${name}`);
  } else if (reason !== undefined) {
    if (verbose) console.log(`listed  ${name}: ${reason}`);
  } else {
    console.log(`${tint("bad", "differs")} ${name}`);
    console.log(`  recorded ${JSON.stringify(recorded)}`);
    console.log(`  seen     ${JSON.stringify(seen)}`);
  }
}
