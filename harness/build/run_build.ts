/**
 * `deno task build`: writes the bundle that production runs.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import { denoEnvironment } from "../util/deno_environment.ts";
import { projectPath } from "../util/project_path.ts";
import { bundle } from "./bundle.ts";
import { keepVariables } from "./keep_variables.ts";
import { collectLicenses } from "./collect_licenses.ts";

const FOLDER = "dist";

/** What starts the bundle, and what asks whether it serves. */
const SCRIPTS = ["entrypoint.sh", "healthcheck.sh"];

/** What is bundled is bundled from a copy, which has packages in `node_modules`. */
const COPIED = [
  ...["main.ts", "lib", "tasks/start.ts", "harness"],
  ...["deno.json", "deno.lock"],
];

export async function runBuild(_: unknown, io: Io): Promise<Outcome> {
  // The bundler starts a process with this one's environment.
  keepVariables(buildEnvironment());
  const files = await writeBundle(projectPath(FOLDER));
  io.print(`Wrote ${FOLDER}/:`);
  for (const [path, text] of files) {
    if (path.endsWith(".map")) continue;
    const kilobytes = Math.ceil(text.length / 1_000);
    io.print(`${String(kilobytes).padStart(6)} kB  ${path}`);
  }
  return "done";
}

/** Bundles the function into a folder, whose files are replaced, and returns them. */
export async function writeBundle(
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const copy = await Deno.makeTempDir();
  try {
    for (const path of COPIED) {
      await cp(projectPath(path), `${copy}/${path}`, { recursive: true });
    }
    await installPackages(copy);
    const main = await bundle(copy, "main.ts", { splitting: true });
    // In the image `start` works without the project, and without packages.
    const start = await bundle(copy, "tasks/start.ts", { splitting: false });
    const sources = [...main.sources, ...start.sources];
    const files = new Map([
      ...main.files,
      ...start.files,
      ["LICENSES.txt", await collectLicenses(copy, sources)],
    ]);
    await writeFiles(folder, files);
    return files;
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

/** What Deno reads, and what finds programs and temporary files. */
function buildEnvironment(): Record<string, string> {
  return denoEnvironment(Deno.env.toObject(), ["PATH", "TMPDIR"]);
}

/** Installs what deno.lock pins, and nothing else; runs no script of a package. */
async function installPackages(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["install", "--quiet", "--frozen", "--node-modules-dir=auto"],
      ...["--entrypoint", "main.ts"],
    ],
    cwd: folder,
    clearEnv: true,
    env: buildEnvironment(),
    stdin: "null",
  }).output();
  if (success) return;
  throw new Error(
    `Cannot install the packages: ${new TextDecoder().decode(stderr).trim()}`,
  );
}

async function writeFiles(
  folder: string,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  for (const [path, text] of files) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  for (const script of SCRIPTS) {
    // Can be executed: a copy keeps its mode.
    await Deno.copyFile(
      projectPath(`harness/build/${script}`),
      `${folder}/${script}`,
    );
  }
}
