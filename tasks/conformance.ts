import { ADMIN_TOKEN_HINT, DOMAIN_HINT } from "../harness/cli/settings.ts";
import { flag, JSON_OPTION } from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runComparison } from "../harness/conformance/run_comparison.ts";

export const conformance = defineTask({
  name: "conformance",
  help: {
    summary:
      "Compares an instance with what was recorded of its release: the API, tokens, what targets receive, and what ZITADEL does with their replies.",
    examples: [
      ["deno task conformance", "the sandbox"],
      ["ZITADEL_DOMAIN=http://localhost:8080 deno task conformance"],
    ],
    details: [
      "Creates organizations of its own and removes them. Meanwhile it unbinds every target of the instance and binds targets on this machine; afterwards it binds the others again. Use an instance without users.",
    ],
    environment: [
      ["ZITADEL_DOMAIN", `${DOMAIN_HINT}; without it the sandbox is compared`],
      ["ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT],
      [
        "ZITADEL_LOGIN_CLIENT_TOKEN",
        "a token of an IAM_LOGIN_CLIENT, to log users in",
      ],
    ],
    exit: {
      done: "everything is as recorded, or listed as a known difference",
      failed: "something differs",
    },
  },
  options: {
    verbose: flag("print every comparison, not only those that differ"),
    json: JSON_OPTION,
  },
  run: runComparison,
});

if (import.meta.main) await runTask(conformance);
