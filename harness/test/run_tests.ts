import type { Outcome } from "../cli/exit.ts";
import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";

/** Every word that is no option of the command goes to `deno test`. */
export const FORWARDED = {
  placeholder: "[OPTIONS] [FILE...]",
  help: "as for deno test",
  isForwarded: true,
} as const;

/**
 * What tests may do: talk to this machine, start processes, use files. A test
 * that reaches for another host fails.
 */
const TEST_PERMISSIONS = [
  "--allow-net=127.0.0.1,localhost,0.0.0.0,[::1]",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
  "--allow-ffi",
];

/**
 * Runs `deno test`, and ends with the plain line `N passed, N failed`.
 *
 * @param all What to run unless the arguments name files or folders.
 */
export async function runTests(
  args: readonly string[],
  all: readonly string[],
  permissions: readonly string[] = TEST_PERMISSIONS,
): Promise<Outcome> {
  const isNamed = args.some((arg) => /^tests\/|\.ts$/.test(arg));
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--parallel",
        `--reporter=${Deno.stdout.isTerminal() ? "dot" : "pretty"}`,
        `--junit-path=${report}`,
        // Off by default since Deno 2.8: a test that leaks a timer fails.
        "--sanitize-ops",
        "--sanitize-resources",
        ...permissions,
        ...args,
        ...isNamed ? [] : all,
      ],
      clearEnv: true,
      env: denoEnvironment(Deno.env.toObject(), OF_TOOLS),
    }).spawn().status;
    console.log(summarize(await Deno.readTextFile(report)));
    return success ? "done" : "failed";
  } finally {
    await Deno.remove(report);
  }
}

/** Sums up a JUnit report: `N passed, N failed`, and `N skipped` if any are. */
export function summarize(report: string): string {
  const attribute = (name: string) => {
    const suites = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? "";
    return Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suites)?.[1] ?? 0);
  };
  const skipped = report.match(/<skipped\b/g)?.length ?? 0;
  const failed = attribute("failures") + attribute("errors");
  const passed = attribute("tests") - failed - skipped;
  return `${passed} passed, ${failed} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : "");
}
