import { type BindingOptions, bindTarget } from "./binding.ts";
import type { CheckContext } from "./checks.ts";
import type { WebhookCall } from "./webhook_target.ts";

/** The fixtures of recorded calls. */
export const FIXTURES = new URL("../../fixtures/", import.meta.url);

/** Reads the request of a recorded call. */
export async function readCall(
  folder: string,
  name: string,
): Promise<{ body: string; headers: Record<string, string> }> {
  const url = new URL(`${folder}/${name}.json`, FIXTURES);
  return JSON.parse(await Deno.readTextFile(url)).request;
}

/** Binds a target, makes ZITADEL call it and returns the first call. */
export async function callOf(
  { subject, scenario, target }: CheckContext,
  act: () => Promise<unknown>,
  options: Partial<BindingOptions>,
): Promise<WebhookCall> {
  await using _binding = await bindTarget(subject, {
    name: `payload ${scenario.suffix}`,
    endpoint: `${target.origin}/payload`,
    condition: "function/preaccesstoken",
    ...options,
  });
  target.calls.length = 0;
  await act();
  const call = target.calls.find(({ path }) => path === "/payload");
  if (!call) throw new Error("The target was not called");
  return call;
}
