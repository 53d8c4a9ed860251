import {
  type ApiProcess,
  startApi,
} from "../../../harness/demo/api_process.ts";
import { freePort } from "../../../harness/util/free_port.ts";

const ROOT = new URL("../../../", import.meta.url);

/** The command that an example's first lines name for what it imports. */
const INSTALL = /`(?:npm install|deno add) ([^`]+)`/;

export type ExampleName = "hono.ts" | "express.mjs" | "introspect.mjs";

type Settings = Readonly<Record<string, string>>;

/** Starts an example API with settings beside those that it always needs, once for each. */
export type Start = (settings?: Settings) => Promise<ApiProcess>;

/** An example API, which ends with what it started. */
export interface ExampleApi extends AsyncDisposable {
  readonly start: Start;
}

/**
 * Copies an example to an empty folder and gives it the packages that its first
 * lines tell a user to install, in the versions that `deno.lock` pins, from
 * Deno's cache.
 */
export async function copyExample(
  name: ExampleName,
  always: Settings & Record<"ISSUER" | "AUDIENCE", string>,
): Promise<ExampleApi> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "example-api-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
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
  const path = `${folder}/${name}`;
  const permissions = ["--no-prompt", "--allow-net", "--allow-env"];
  const command: Parameters<typeof startApi>[0] = name.endsWith(".mjs")
    ? ["node", path]
    : [Deno.execPath(), "run", ...permissions, path];
  const owned = stack.move();
  const running = new Map<string, Promise<ApiProcess>>();
  const launch = async (settings: Settings) =>
    owned.use(
      await startApi(command, {
        ...always,
        ...settings,
        PORT: String(freePort()),
      }),
    );
  return {
    start(settings = {}) {
      const key = JSON.stringify(settings);
      return running.getOrInsertComputed(key, () => launch(settings));
    },
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
