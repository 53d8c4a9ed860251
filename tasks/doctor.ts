/**
 * `deno task doctor`: looks for everything that keeps permissions out of tokens.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { CHECKS } from "../harness/doctor/checks.ts";
import { diagnose } from "../harness/doctor/diagnose.ts";
import {
  exitCode,
  type Finding,
  finding,
  type Level,
} from "../harness/doctor/finding.ts";
import { gatherFacts } from "../harness/doctor/gather.ts";
import { proveLive } from "../harness/doctor/live.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  readSettings,
  required,
  runTask,
} from "../harness/cli/task.ts";
import {
  messageOf,
  progress,
  tint,
  type Tone,
} from "../harness/cli/terminal.ts";
import { connect } from "../harness/zitadel/client.ts";

const HELP =
  `Looks for everything that keeps permissions out of tokens, and says what mends it.

  deno task doctor [options]

  --org ID         look at this organization (may be given several times;
                   default: METADATA_ORGANIZATION, else all, up to 20)
  --client-id ID   look at this application in particular
  --endpoint URL   where the function answers (default: the target's endpoint)
  --live           prove the whole chain: in a throwaway organization, get real
                   tokens through the bound function and compare what is in them
  --env-file FILE  holds the function's settings (default .env)
  --all            print what is well, too
  --json           print one JSON document
  --help           print this

Settings: those of the function, from the environment, else from the env file, and
          ZITADEL_ADMIN_TOKEN   ${ADMIN_TOKEN_HINT};
          without it the target and its bindings are not looked at.
Exit code: 0 well, 1 warnings, 2 broken.`;

/**
 * Runs the task.
 *
 * @param args The command line.
 * @returns The exit code: 0 well, 1 warnings, 2 broken.
 */
export async function doctor(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      org: { type: "string", multiple: true, default: [] },
      "client-id": { type: "string" },
      endpoint: { type: "string" },
      live: { type: "boolean", default: false },
      "env-file": { type: "string", default: ".env" },
      all: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const settings = await readSettings(values["env-file"]);
  required(settings, "ZITADEL_DOMAIN", DOMAIN_HINT);
  const show = progress();
  const facts = await gatherFacts({
    settings,
    organizations: values.org,
    clientId: values["client-id"],
    endpoint: values.endpoint,
    onProgress: (what) => show(`looking at ${what}`),
  });
  const findings = diagnose(facts);
  if (values.live) {
    const token = required(settings, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT);
    const config = facts.config.value;
    findings.push(
      config && facts.credential?.value
        ? await live(() =>
          proveLive(connect(facts.origin, token), config, {
            signal: untilInterrupted(),
            onProgress: (what) => show(`live: ${what}`),
          })
        )
        : finding("live", "broken", "not tried: the function cannot work yet"),
    );
  }
  show();
  const code = exitCode(findings);
  if (values.json) {
    console.log(JSON.stringify({ exit_code: code, findings }));
  } else {
    print(findings, values.all);
  }
  return code;
}

async function live(prove: () => Promise<Finding>): Promise<Finding> {
  try {
    return await prove();
  } catch (error) {
    return finding("live", "broken", messageOf(error));
  }
}

/** The first Ctrl-C ends the proof and lets it clean up; a second one kills. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  const names = ["SIGINT", "SIGTERM"] as const;
  const stop = () => {
    for (const name of names) Deno.removeSignalListener(name, stop);
    controller.abort(new Error("Interrupted; the organization was removed"));
  };
  for (const name of names) Deno.addSignalListener(name, stop);
  return controller.signal;
}

const TONES: Readonly<Record<Level, Tone>> = {
  ok: "good",
  note: "faint",
  warning: "warning",
  broken: "bad",
};

function print(findings: readonly Finding[], all: boolean): void {
  for (const { check, level, seen, why, mend } of findings) {
    if (level === "ok" && !all && check !== "live") continue;
    const title = CHECKS[check].title.padEnd(17);
    console.log(`${tint(TONES[level], level.padEnd(8))} ${title} ${seen}`);
    if (why) console.log(tint("faint", `${" ".repeat(9)}why   ${why}`));
    if (mend) console.log(`${" ".repeat(9)}mend  ${mend}`);
  }
  const count = (level: Level) =>
    findings.filter((finding) => finding.level === level).length;
  console.log(
    `${count("ok")} well, ${count("note")} notes, ${
      count("warning")
    } warnings, ${count("broken")} broken`,
  );
}

if (import.meta.main) await runTask(doctor);
