import { addTarget } from "../_add_target.ts";
import { startFunction } from "../_function_server.ts";
import { startScratch } from "../_scratch.ts";

export const NAME = "ours";

/** A function beside a sandbox that has a target for it; its env file has the key. */
export async function connected() {
  const stack = new AsyncDisposableStack();
  const scene = stack.use(await startScratch());
  const { sandbox, instance } = scene;
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  stack.defer(() => Deno.remove(envFile));
  const server = stack.use(startFunction(envFile, sandbox.origin));
  const { endpoint } = server;
  const target = await addTarget(instance, { name: NAME, endpoint });
  await Deno.writeTextFile(
    envFile,
    `# mine\nZITADEL_DOMAIN=${sandbox.origin}\nAUTHORIZATION_SIGNING_KEY=${target.signingKey}\n`,
  );
  const place = { instance, envFile, organization: undefined };
  return { ...scene, stack, envFile, server, target, place };
}
