import { defineTask, runTask } from "../harness/cli/task.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { EXPLAIN_OPTIONS } from "../harness/explain/command_line.ts";
import { runExplain } from "../harness/explain/run_explain.ts";

export const explain = defineTask({
  name: "explain",
  help: {
    summary:
      "Explains a call of ZITADEL, or what a user's tokens hold: which grant and role gave each permission, and which gave none and why.",
    examples: [
      ["deno task explain fixtures/calls/human_login.json"],
      ["deno task explain payload.json --roles roles.json"],
      ["deno task explain -", "paste a payload"],
      ["deno task explain --user alice@example.com", "what tokens hold"],
      ["deno task explain --user ID --permission posts:write", "why (not)"],
    ],
    details: [
      "A fixture brings its mapping. The mapping of a payload as ZITADEL sent it (JSON, JWT or JWE) is read from the instance, with the function's settings, or from a file.",
      "--user reads the user's grants and the mapping with the administrator's token, and needs IAM_OWNER_VIEWER. Which scopes a login requests cannot be told from there: what must be requested is said.",
    ],
    environment: [
      ...ADMIN_ENVIRONMENT,
      ["METADATA_ORGANIZATION, ...", "the function's settings"],
    ],
    exit: { done: "explained", failed: "not done" },
  },
  positionals: {
    placeholder: "FILE|-",
    help: "a fixture or a payload; - reads it from the terminal",
    min: 0,
    max: 1,
  },
  options: EXPLAIN_OPTIONS,
  run: runExplain,
});

if (import.meta.main) await runTask(explain);
