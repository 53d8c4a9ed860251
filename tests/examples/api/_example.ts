import {
  type ApiProcess,
  startApi,
} from "../../../harness/demo/api_process.ts";
import { freePort } from "../../../harness/util/free_port.ts";
import { read, ROOT } from "../../_source_files.ts";
import { tempFolder } from "../../_temp_folder.ts";

/** The command that an example's first lines name for what it imports. */
const INSTALL = /`(?:npm install|deno add) ([^`]+)`/;

type Settings = Readonly<Record<string, string>>;

/** An example API, which ends with what it started. */
export interface ExampleApi extends AsyncDisposable {
  /** Starts it with settings beside those that it always needs, once for each. */
  readonly start: (settings?: Settings) => Promise<ApiProcess>;
}

/**
 * Copies an example to an empty folder and gives it the packages that its first
 * lines tell a user to install, in the versions that `deno.lock` pins, from
 * Deno's cache.
 */
export async function copyExample(
  name: string,
  always: Settings & Record<"ISSUER" | "AUDIENCE", string>,
): Promise<ExampleApi> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await tempFolder());
  const example = new URL(`examples/api/${name}`, ROOT);
  const packages = INSTALL.exec(await Deno.readTextFile(example))![1]!
    .split(" ").map((it) => it.replace(/^npm:/, ""));
  const { imports } = JSON.parse(await read("deno.json"));
  const config = {
    imports: Object.fromEntries(packages.map((it) => [it, imports[it]])),
    nodeModulesDir: "auto",
  };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  await Deno.copyFile(new URL("deno.lock", ROOT), `${folder}/deno.lock`);
  await Deno.copyFile(example, `${folder}/${name}`);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: folder,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const path = `${folder}/${name}`;
  const permissions = ["--no-prompt", "--allow-net", "--allow-env"];
  const command: Parameters<typeof startApi>[0] = name.endsWith(".mjs")
    ? ["node", path]
    : [Deno.execPath(), "run", ...permissions, path];
  const owned = stack.move();
  const running = new Map<string, Promise<ApiProcess>>();
  return {
    start: (settings = {}) =>
      running.getOrInsertComputed(JSON.stringify(settings), async () => {
        const PORT = String(freePort());
        const api = await startApi(command, { ...always, ...settings, PORT });
        return owned.use(api);
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
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
