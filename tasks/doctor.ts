import { ADMIN_TOKEN_HINT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { DOCTOR_OPTIONS } from "../harness/doctor/command_line.ts";
import { runDoctor } from "../harness/doctor/run_doctor.ts";

export const doctor = defineTask({
  name: "doctor",
  help: {
    summary:
      "Checks everything that can keep permissions out of tokens, and reports how to fix it.",
    examples: [
      ["deno task doctor"],
      ["deno task doctor --live", "with real tokens, from login to claim"],
      ["deno task doctor --org 300000000000000001 --all"],
    ],
    details: [
      "The settings are those of the env file and the environment. A process that was not restarted since they changed may have others, which doctor does not see.",
      "--live creates an organization of its own, with a mapping of its own unless METADATA_ORGANIZATION names one, or with PROJECTS a service user in the organization that owns a listed project. The user gets the role with the fewest permissions, never the strongest (if none has fewer than another, one of its own without any), and a random secret; everything is removed again, also after Ctrl-C. Your organizations' entries are checked in any case, by reading them.",
      `The file of --acknowledged: [{"check": "address", "about": "10.0.0.7", "reason": "the deny list is set"}]. check is as --json names it, about is whole words of the item, or of what was seen if there are none, and "until": "2027-06-30" ends it. Items that it does not name still count, and so does what is broken.`,
      "examples/doctor/ runs it by schedule.",
    ],
    environment: [
      ["ZITADEL_DOMAIN, ...", "the function's settings"],
      [
        "ZITADEL_ADMIN_TOKEN",
        `${ADMIN_TOKEN_HINT}; without it the target and its bindings are not checked`,
      ],
    ],
    exit: {
      done: "everything is ok",
      warnings: "warnings",
      failed: "something is broken",
    },
  },
  options: DOCTOR_OPTIONS,
  run: runDoctor,
});

if (import.meta.main) await runTask(doctor);
