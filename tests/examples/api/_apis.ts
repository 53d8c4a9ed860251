import {
  type ApiProcess,
  startApi,
} from "../../../harness/demo/api_process.ts";
import { freePort } from "../../../harness/util/free_port.ts";

const ROOT = new URL("../../../", import.meta.url);

/** The command that an example's first lines name for what it imports. */
const INSTALL = /`(?:npm install|deno add) ([^`]+)`/;

export type ExampleName = "hono.ts" | "express.mjs" | "introspect.mjs";

/** Starts an example API with settings beside those that it always needs. */
export type Start = (
  settings?: Readonly<Record<string, string>>,
) => Promise<ApiProcess>;

/** An example API, ready to be started any number of times. */
export interface ExampleApi extends AsyncDisposable {
  start(settings: Readonly<Record<string, string>>): Promise<ApiProcess>;
}

/**
 * Copies an example to an empty folder and gives it the packages that its first
 * lines tell a user to install, in the versions that `deno.lock` pins, from
 * Deno's cache.
 */
export async function copyExample(name: ExampleName): Promise<ExampleApi> {
  const folder = await Deno.makeTempDir({ prefix: "example-api-" });
  const example = new URL(`examples/api/${name}`, ROOT);
  const packages = INSTALL.exec(await Deno.readTextFile(example))![1]!
    .split(" ").map((it) => it.replace(/^npm:/, ""));
  const { imports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  await Deno.writeTextFile(
    `${folder}/deno.json`,
    JSON.stringify({
      imports: Object.fromEntries(packages.map((it) => [it, imports[it]])),
      nodeModulesDir: "auto",
    }),
  );
  await Deno.copyFile(new URL("deno.lock", ROOT), `${folder}/deno.lock`);
  await Deno.copyFile(example, `${folder}/${name}`);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: folder,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const command = name.endsWith(".mjs")
    ? ["node"]
    : [Deno.execPath(), "run", "--no-prompt", "--allow-net", "--allow-env"];
  return {
    start: ({ ISSUER = "", AUDIENCE = "", ...others }) =>
      startApi([...command, `${folder}/${name}`], {
        ISSUER,
        AUDIENCE,
        ...others,
        PORT: String(freePort()),
      }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Whether Node can be run here. */
export function hasNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}
