/** `deno task test`: the hermetic tests, closed by one plain line of counts. */
import { runTests } from "../harness/test/run_tests.ts";

const HELP =
  `Run the project's tests: no network beyond loopback, a few seconds.

Usage: deno task test [DENO TEST OPTIONS] [FILE...]

  deno task test                             all of them
  deno task test tests/lib/claims/claims_test.ts    one file
  deno task test --filter "claimsReply()"    by name`;

if (Deno.args.includes("--help")) {
  console.log(HELP);
} else {
  const named = Deno.args.some((arg) => arg.endsWith(".ts"));
  const files = named ? [] : ["tests/"];
  const ignored = named ? [] : ["--ignore=tests/kv,tests/browser"];
  Deno.exit(await runTests([...ignored, ...Deno.args, ...files]));
}
