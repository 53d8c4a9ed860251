import {
  type ApiProcess,
  type ApiSettings,
  startApi,
  startHonoApi,
} from "../../../harness/demo/api_process.ts";
import { freePort } from "../../../harness/util/free_port.ts";

const ROOT = new URL("../../../", import.meta.url);
const EXPRESS = new URL("examples/api/express.mjs", ROOT);

/** An example API, ready to be started any number of times. */
export interface ExampleApi extends AsyncDisposable {
  start(settings: ApiSettings): Promise<ApiProcess>;
}

/** The example for Deno. */
export function honoApi(): Promise<ExampleApi> {
  return Promise.resolve({
    start: startHonoApi,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

/**
 * The example for Node, in a folder with the packages that `deno.json` and
 * `deno.lock` pin, taken from Deno's cache.
 */
export async function expressApi(): Promise<ExampleApi> {
  const folder = await Deno.makeTempDir({ prefix: "express-api-" });
  const { imports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const { express, jose } = imports;
  await Deno.writeTextFile(
    `${folder}/deno.json`,
    JSON.stringify({ imports: { express, jose }, nodeModulesDir: "auto" }),
  );
  await Deno.copyFile(new URL("deno.lock", ROOT), `${folder}/deno.lock`);
  await Deno.copyFile(EXPRESS, `${folder}/express.mjs`);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: folder,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return {
    start: (settings) =>
      startApi(["node", `${folder}/express.mjs`], {
        ...settings,
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
