/** Each command that a remedy names is run against the fault that it is for. */
import { REMEDIES } from "../../../lib/errors.ts";
import { readArguments } from "../../../harness/cli/arguments.ts";
import { type CheckId, CHECKS } from "../../../harness/doctor/checks.ts";
import type { Finding } from "../../../harness/doctor/finding.ts";
import type { GatherOptions } from "../../../harness/doctor/facts.ts";
import { SETUP_OPTIONS } from "../../../harness/setup/command_line.ts";
import { runSetup } from "../../../harness/setup/run_setup.ts";
import { loadTask } from "../../_tasks.ts";
import { createTestIo } from "../_test_io.ts";
import type { Sound } from "./_sound_instance.ts";

/** A command in a text that is no alternative (those are in backticks). */
const COMMAND =
  /(?<!`)\bdeno task (?:setup|rotate|doctor|roles)(?: --[a-z-]+(?: (?:[A-Z]+\b|'[^']*'|ours\b|\d+s?\b|events\b|preuserinfo\b|roles\.json|https?:\S+|\/[\w./-]+))?)+/g;

const commandsIn = (text: string) => text.match(COMMAND) ?? [];

/** The checks whose fix begins with a command. */
export const ADVISING = Object.entries(CHECKS)
  .filter(([, { fix }]) => commandsIn(fix.split("\n")[0]!).length > 0)
  .map(([check]) => check);

/** The commands that the function's log names, by the reason. */
export const LOGGED = Object.fromEntries(
  Object.entries(REMEDIES).flatMap(([reason, text]) =>
    commandsIn(text).map((command) => [reason, command] as const)
  ),
);

/** What the function logs while doctor finds this. */
export const REASONS: Readonly<Record<string, string>> = {
  "credential broken": "credential_rejected",
  "expiry warning": "expiring_credential",
  "org_read broken": "missing_permission",
  "canary broken": "wrong_path",
};

/** Commands that look again, or that need a token or a file of other roles: a person's part. */
const LOOKS = [
  ...["reachable", "not_checked", "internal", "writers"],
  ...["expiry note", "mapping note"],
];

/** Done when the function was restarted: the first run only prepares it. */
const TWICE: readonly CheckId[] = ["target", "expiry"];

/** The commands that are to fix a finding, with what a person adds to them. */
export function commandsFor(it: Sound, { check, level, fix }: Finding) {
  if (LOOKS.includes(check) || LOOKS.includes(`${check} ${level}`)) return [];
  const { endpoint } = it.server;
  const [advised] = commandsIn(fix?.split("\n")[0] ?? "");
  const logged = LOGGED[REASONS[`${check} ${level}`] ?? ""];
  return [
    ...advised === undefined ? [] : [
      check === "target" ? `${advised} --endpoint ${endpoint}` : advised,
    ],
    ...logged === undefined
      ? []
      : [`${logged} --name ours --env-file ${it.envFile}`],
  ].map((command) =>
    command.replace("roles.json", it.roles)
      .replace("--endpoint URL", `--endpoint ${endpoint}`)
  );
}

/** Runs a command as it stands, and restarts the function; returns what failed. */
export async function follow(it: Sound, command: string, { check }: Finding) {
  let failure = await run(it, command);
  await it.server.reload();
  if (TWICE.includes(check)) failure = await run(it, command);
  await it.server.reload();
  return failure;
}

async function run(it: Sound, command: string): Promise<string | undefined> {
  const [, , name = "", ...args] = command.split(" ")
    .map((word) => word.replace(/^'|'$/g, ""));
  const { io: own, errors } = createTestIo({
    env: { ZITADEL_ADMIN_TOKEN: it.sandbox.adminToken },
    answer: true,
  });
  const reloads: Promise<void>[] = [];
  const io = {
    ...own,
    // A rotation waits until the function is restarted.
    progress: (text?: string) =>
      void (text?.includes("is accepted") && reloads.push(it.server.reload())),
  };
  const options = () => readArguments(args, { options: SETUP_OPTIONS });
  const hasFailed = name === "setup"
    ? await runSetup(options(), io, { settleMs: 0, retryMs: 10 }) === "failed"
    : await (await loadTask(name)).run(args, io) > 1;
  await Promise.all(reloads);
  return hasFailed ? `${command}: ${errors()}` : undefined;
}

/** Writes settings to the env file, as an operator has them. */
export async function write(it: Sound, settings: GatherOptions["settings"]) {
  const lines = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined || name === "ZITADEL_ADMIN_TOKEN"
      ? []
      : [`${name}='${value}'\n`]
  );
  await Deno.writeTextFile(it.envFile, lines.join(""));
}
