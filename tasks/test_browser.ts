/** `deno task test:browser`: the inspector in a real browser. */
import { missingBrowser } from "../harness/test/browser.ts";
import { takeScreenshot } from "../harness/dev/take_screenshot.ts";
import { runTests } from "../harness/test/run_tests.ts";

const HELP = `Test the inspector in Chromium, from login to a changed mapping.

Usage: deno task test:browser [--screenshot] [DENO TEST OPTIONS]

  --screenshot   take the README's picture anew (docs/inspector.png), no tests`;

const SCREENSHOT = "docs/inspector.png";

const missing = await missingBrowser();
if (Deno.args.includes("--help")) {
  console.log(HELP);
} else if (missing) {
  console.error(missing);
  Deno.exit(1);
} else if (Deno.args.includes("--screenshot")) {
  await takeScreenshot(SCREENSHOT);
  console.log(`Wrote ${SCREENSHOT}`);
  Deno.exit(0);
} else {
  // The browser's driver looks at files that Deno guards by all permissions.
  const permissions = ["--allow-all"];
  Deno.exit(await runTests([...Deno.args, "tests/browser/"], permissions));
}
