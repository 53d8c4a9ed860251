import { hasRuntimeCode } from "../mutate/generate_mutants.ts";
import { listFiles } from "../mutate/list_files.ts";
import { runTests } from "../test/run_tests.ts";
import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";
import { type LineCounts, parseLcov } from "./lcov.ts";

export interface Coverage {
  /** How often each line ran, by path from the root. */
  readonly files: ReadonlyMap<string, LineCounts>;
  /** Files with code that no test loads. */
  readonly unloaded: readonly string[];
  readonly testsPass: boolean;
}

const CODE = ["lib", "harness", "tasks"];
const ENTRY = "main.ts";

/** Runs the tests, and reads which lines of the project's code ran. */
export async function measureCoverage(root: string): Promise<Coverage> {
  const folder = await Deno.makeTempDir({ prefix: "coverage_" });
  try {
    const outcome = await runTests([
      "--ignore=tests/kv,tests/browser",
      `--coverage=${folder}`,
      "--coverage-raw-data-only",
      "tests/",
    ]);
    const files = await readReport(folder, root);
    const code = [ENTRY];
    for (const it of CODE) code.push(...await listFiles(root, it, ".ts"));
    const unloaded: string[] = [];
    for (const file of code.filter((it) => !files.has(it))) {
      const source = await Deno.readTextFile(`${root}/${file}`);
      if (hasRuntimeCode(source)) unloaded.push(file);
    }
    return { files, unloaded, testsPass: outcome === "done" };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function readReport(folder: string, root: string) {
  const report = `${folder}/lcov.info`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    // By default, test.ts would count as a test.
    args: [
      "coverage",
      "--lcov",
      "--exclude=_test\\.ts$",
      `--output=${report}`,
      folder,
    ],
    cwd: root,
    clearEnv: true,
    env: denoEnvironment(Deno.env.toObject(), OF_TOOLS),
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(
      `Cannot read the coverage data: ${new TextDecoder().decode(stderr)}`,
    );
  }
  const isCode = (file: string) =>
    file === ENTRY || CODE.some((it) => file.startsWith(`${it}/`));
  return new Map(
    [...parseLcov(await Deno.readTextFile(report))]
      .map(([path, lines]) => [path.slice(root.length + 1), lines] as const)
      .filter(([file]) => isCode(file)),
  );
}
