import type { Config } from "../../lib/config/settings.ts";
import { createHandler, type Handler } from "../../lib/handler.ts";
import { createServices, type Platform } from "../../lib/services.ts";

/** Creates the function in this process, without a server. */
export async function createFunction(
  config: Config,
  platform: Omit<Platform, "deno"> & Partial<Pick<Platform, "deno">>,
): Promise<Handler> {
  const { deno } = Deno.version;
  return createHandler(await createServices(config, { deno, ...platform }));
}
