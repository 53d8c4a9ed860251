import {
  ENV_FILE_OPTION,
  JSON_OPTION,
  option,
} from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runExplain } from "../harness/explain/run_explain.ts";

export const explain = defineTask({
  name: "explain",
  help: {
    summary:
      "Explains a call of ZITADEL: which grant and role gave each permission, and which roles gave none and why.",
    examples: [
      ["deno task explain fixtures/calls/human_login.json"],
      ["deno task explain payload.json --roles roles.json"],
      ["deno task explain -", "paste a payload"],
    ],
    details: [
      "A fixture brings its mapping. The mapping of a payload as ZITADEL sent it (JSON, JWT or JWE) is read from the instance, with the function's settings, or from a file.",
    ],
    environment: [["ZITADEL_DOMAIN, ...", "the function's settings"]],
    exit: { done: "explained", failed: "not done" },
  },
  positionals: {
    placeholder: "FILE|-",
    help: "a fixture or a payload; - reads it from the terminal",
    min: 1,
    max: 1,
  },
  options: {
    roles: option("FILE", 'the mapping: {"admin": ["read:all"]}'),
    "env-file": ENV_FILE_OPTION,
    json: JSON_OPTION,
  },
  run: runExplain,
});

if (import.meta.main) await runTask(explain);
