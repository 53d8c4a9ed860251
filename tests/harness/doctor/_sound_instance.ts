import assert from "node:assert/strict";
import type { CheckId } from "../../../harness/doctor/checks.ts";
import { diagnose } from "../../../harness/doctor/diagnose.ts";
import type { Facts } from "../../../harness/doctor/facts.ts";
import type { Finding } from "../../../harness/doctor/finding.ts";
import {
  gatherFacts,
  type GatherOptions,
} from "../../../harness/doctor/gather.ts";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import { startSandbox, type World } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";
import { createTarget } from "../../../harness/zitadel/target.ts";
import { createScratchOrganization } from "../../../harness/zitadel/scratch_organization.ts";
import { startFunction } from "../_function_server.ts";

/** Where the function would be if it were not on this machine. */
const PUBLIC_ADDRESS = "198.51.100.7";

/** A sandbox in which nothing is wrong, with a scratch organization, and the function beside it. */
export async function soundInstance() {
  const stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const scratch = stack.use(await createScratchOrganization(instance));
  for (const { id, name, organizationId } of sandbox.world.projects.values()) {
    const isOthers = organizationId !== scratch.organization.id;
    if (isOthers && name !== "ZITADEL") sandbox.world.projects.delete(id);
  }
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  stack.defer(() => Deno.remove(envFile));
  const { clientId, clientSecret } = scratch.reader;
  const server = stack.use(startFunction(envFile, sandbox.origin));
  const { id, signingKey } = await createTarget(instance, {
    name: "ours",
    endpoint: server.endpoint,
    timeoutSeconds: 10,
    interruptOnError: false,
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
    ...{ stack, sandbox, scratch, instance, settings, server, envFile },
    restore: saveWorld(sandbox.world),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export type Sound = Awaited<ReturnType<typeof soundInstance>>;

/** Returns the finding of a check, which there has to be. */
export function find(findings: readonly Finding[], check: CheckId): Finding {
  const found = findings.find((finding) => finding.check === check);
  assert.ok(found, `no ${check} in ${JSON.stringify(findings)}`);
  return found;
}

export async function examine(
  it: Sound,
  options: Partial<GatherOptions> = {},
): Promise<Finding[]> {
  return diagnose(await gather(it, options));
}

export function gather(
  it: Sound,
  options: Partial<GatherOptions> = {},
): Promise<Facts> {
  return gatherFacts({
    settings: it.settings,
    organizations: [it.scratch.organization.id],
    resolve: () => Promise.resolve([PUBLIC_ADDRESS]),
    ...options,
  });
}

/** Returns what puts a sandbox's world back as it is now. */
export function saveWorld(world: World): () => void {
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
