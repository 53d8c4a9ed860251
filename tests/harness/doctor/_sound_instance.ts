import { completeFix } from "../../../harness/doctor/complete_fix.ts";
import { diagnose } from "../../../harness/doctor/diagnose.ts";
import type { GatherOptions } from "../../../harness/doctor/facts.ts";
import {
  type Finding,
  finding,
  type Report,
} from "../../../harness/doctor/finding.ts";
import { type Facts, gatherFacts } from "../../../harness/doctor/gather.ts";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import type { World } from "../../../harness/sandbox/sandbox.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";
import { DEFAULT_SERVICE_USER_NAME } from "../../../harness/zitadel/service_user.ts";
import { tempFolder } from "../../_temp_folder.ts";
import { addTarget } from "../_add_target.ts";
import { startFunction } from "../_function_server.ts";
import { startScratch } from "../_scratch.ts";

/** Where the function would be if it were not on this machine. */
const PUBLIC_ADDRESS = "198.51.100.7";

/** A sandbox in which nothing is wrong, with a scratch organization, and the function beside it. */
export async function soundInstance() {
  const stack = new AsyncDisposableStack();
  const { sandbox, instance, scratch } = stack.use(await startScratch());
  for (const { id, name, organizationId } of sandbox.world.projects.values()) {
    const isOthers = organizationId !== scratch.organization.id;
    if (isOthers && name !== "ZITADEL") sandbox.world.projects.delete(id);
  }
  // The name of setup's service user is free.
  const { users } = sandbox.world;
  for (const { id, userName } of users.values()) {
    if (userName === DEFAULT_SERVICE_USER_NAME) users.delete(id);
  }
  const folder = stack.use(await tempFolder());
  const envFile = await folder.write("", "function.env");
  const mapping = '{"admin": ["a"], "viewer": ["b"]}';
  const roles = await folder.write(mapping, "roles.json");
  const { clientId, clientSecret } = scratch.reader;
  const server = stack.use(startFunction(envFile, sandbox.origin));
  const { id, signingKey } = await addTarget(instance, {
    name: "ours",
    endpoint: server.endpoint,
  });
  for (
    const condition of ["function/preaccesstoken", "event/group/org.metadata"]
  ) {
    await setExecution(instance, { condition, targets: [id] });
  }
  await Deno.writeTextFile(
    envFile,
    `ZITADEL_DOMAIN=${sandbox.origin}\nCLIENT_ID=${clientId}\nCLIENT_SECRET=${clientSecret}\nAUTHORIZATION_SIGNING_KEY=${signingKey}\nPROJECTS=${scratch.project.id}\n`,
  );
  await server.reload();
  const settings: Record<string, string> = {
    ...parseEnv(await Deno.readTextFile(envFile)),
    ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
  };
  return {
    stack,
    sandbox,
    scratch,
    instance,
    settings,
    server,
    envFile,
    roles,
    restore: saveWorld(sandbox.world),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export type Sound = Awaited<ReturnType<typeof soundInstance>>;

/** Finds out what is the matter, with fixes as they are printed. */
export async function examine(
  it: Sound,
  options: Partial<GatherOptions> = {},
): Promise<Finding[]> {
  const facts = await gather(it, options);
  return (await diagnose(facts)).map((found) =>
    completeFix(found, { facts, envFile: it.envFile })
  );
}

export function gather(
  it: Sound,
  options: Partial<GatherOptions> = {},
): Promise<Facts> {
  return gatherFacts({
    settings: it.settings,
    org: [it.scratch.organization.id],
    resolve: () => Promise.resolve([PUBLIC_ADDRESS]),
    ...options,
  });
}

/** Collects what judges report. */
export async function collect(
  judge: (report: Report) => void | Promise<void>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  await judge((...of) => void findings.push(finding(...of)));
  return findings;
}

/** Returns what puts a sandbox's world back as it is now. */
function saveWorld(world: World): () => void {
  const saved = structuredClone(world);
  return () => {
    const copy = structuredClone(saved);
    for (const [name, value] of Object.entries(copy)) {
      const current = world[name as keyof World] as unknown;
      if (value instanceof Map && current instanceof Map) {
        current.clear();
        for (const [key, item] of value) current.set(key, item);
      }
    }
    world.members.splice(0, Infinity, ...copy.members);
  };
}
