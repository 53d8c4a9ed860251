import { flag } from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { takeScreenshot } from "../harness/dev/take_screenshot.ts";
import { missingBrowser } from "../harness/test/browser.ts";
import { FORWARDED, runTests } from "../harness/test/run_tests.ts";

const SCREENSHOTS = {
  light: "docs/inspector.png",
  dark: "docs/inspector_dark.png",
} as const;

export const testBrowser = defineTask({
  name: "test:browser",
  help: {
    summary:
      "Tests the inspector in Chromium, from login to a changed mapping.",
    examples: [
      ["deno task test:browser"],
      ["deno task test:browser --screenshot", "the README's pictures"],
    ],
    exit: { done: "every test passes", failed: "a test fails, or no browser" },
  },
  positionals: FORWARDED,
  options: {
    screenshot: flag("take the README's pictures, no tests"),
  },
  async run({ screenshot, positionals }, io) {
    const missing = await missingBrowser();
    if (missing) throw new Error(missing);
    if (screenshot) {
      for (const scheme of ["light", "dark"] as const) {
        await takeScreenshot(SCREENSHOTS[scheme], scheme);
        io.print(`Wrote ${SCREENSHOTS[scheme]}`);
      }
      return "done";
    }
    // The browser's driver reads files that Deno guards by all permissions.
    return runTests(positionals, ["tests/browser/"], ["--allow-all"]);
  },
});

if (import.meta.main) await runTask(testBrowser);
