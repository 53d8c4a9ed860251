import { defineTask, runTask } from "../harness/cli/task.ts";
import {
  findKvServer,
  HOW_TO_GET_KV_SERVER,
  KV_SERVER,
} from "../harness/test/kv_server.ts";
import { FORWARDED, runTests } from "../harness/test/run_tests.ts";

export const testKv = defineTask({
  name: "test:kv",
  help: {
    summary:
      `Runs the tests of several function processes that share one KV, against Deno KV's own server (${KV_SERVER}) on loopback.`,
    examples: [["deno task test:kv"]],
    details: [
      `The server is looked up on PATH and in ~/.cargo/bin. To get it: ${HOW_TO_GET_KV_SERVER}`,
    ],
    exit: { done: "every test passes", failed: "a test fails, or no server" },
  },
  positionals: FORWARDED,
  options: {},
  async run({ positionals }) {
    if (await findKvServer()) return runTests(positionals, ["tests/kv/"]);
    throw new Error(
      `Cannot run these tests: ${KV_SERVER} is not installed. To get it:\n\n  ${HOW_TO_GET_KV_SERVER}`,
    );
  },
});

if (import.meta.main) await runTask(testKv);
