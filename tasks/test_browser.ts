import { flag } from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { takeScreenshot } from "../harness/dev/take_screenshot.ts";
import { missingBrowser } from "../harness/test/browser.ts";
import { FORWARDED, runTests } from "../harness/test/run_tests.ts";

const SCREENSHOT = "docs/inspector.png";

export const testBrowser = defineTask({
  name: "test:browser",
  help: {
    summary:
      "Tests the inspector in Chromium, from login to a changed mapping.",
    examples: [
      ["deno task test:browser"],
      ["deno task test:browser --screenshot", "the README's picture"],
    ],
    exit: { done: "every test passes", failed: "a test fails, or no browser" },
  },
  positionals: FORWARDED,
  options: {
    screenshot: flag(`take the README's picture (${SCREENSHOT}), no tests`),
  },
  async run({ screenshot, positionals }, io) {
    const missing = await missingBrowser();
    if (missing) throw new Error(missing);
    if (screenshot) {
      await takeScreenshot(SCREENSHOT);
      io.print(`Wrote ${SCREENSHOT}`);
      return "done";
    }
    // The browser's driver reads files that Deno guards by all permissions.
    return runTests([...positionals, "tests/browser/"], ["--allow-all"]);
  },
});

if (import.meta.main) await runTask(testBrowser);
