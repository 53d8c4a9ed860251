import { defineTask, runTask } from "../harness/cli/task.ts";
import { FORWARDED, runTests } from "../harness/test/run_tests.ts";

export const test = defineTask({
  name: "test",
  help: {
    summary: "Runs the project's tests, without network beyond loopback.",
    examples: [
      ["deno task test"],
      ["deno task test tests/lib/claims/reply_test.ts", "one file"],
      ["deno task test tests/lib/claims", "one folder"],
      ['deno task test --filter "claimsReply()"', "by name"],
    ],
    exit: { done: "every test passes", failed: "a test fails" },
  },
  positionals: FORWARDED,
  options: {},
  run: ({ positionals }) =>
    runTests(positionals, ["--ignore=tests/kv,tests/browser", "tests/"]),
});

if (import.meta.main) await runTask(test);
