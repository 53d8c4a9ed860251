import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";
import { runAutocannon } from "./autocannon.ts";
import type { LoadGenerator } from "./load.ts";
import { runWrk } from "./wrk.ts";

/**
 * Chooses the load generator: `wrk` if it is installed, since it leaves more of
 * the machine to the server and its latencies are finer than a millisecond;
 * otherwise `autocannon`, which npm installs.
 */
export async function chooseLoadGenerator(): Promise<LoadGenerator> {
  try {
    await new Deno.Command("wrk", {
      args: ["--version"],
      clearEnv: true,
      env: denoEnvironment(Deno.env.toObject(), OF_TOOLS),
      stdout: "null",
      stderr: "null",
    }).output();
    return { name: "wrk", run: runWrk };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { name: "autocannon", run: runAutocannon };
  }
}
