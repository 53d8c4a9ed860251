import { diagnose } from "../../../harness/doctor/diagnose.ts";
import type { Finding } from "../../../harness/doctor/finding.ts";
import {
  gatherFacts,
  type GatherOptions,
} from "../../../harness/doctor/gather.ts";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import { applyChanges, readState } from "../../../harness/setup/setup.ts";
import { planSetup } from "../../../harness/setup/plan.ts";
import {
  type Release,
  startSandbox,
  type World as SandboxWorld,
} from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { createWorld } from "../../../harness/zitadel/scratch_organization.ts";
import { startFunction } from "../_function_server.ts";

/** A sandbox with a world in which nothing is wrong, and the function beside it. */
export async function soundWorld(release: Release) {
  const stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox({ release }));
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const world = stack.use(await createWorld(instance));
  for (const { id, name, organizationId } of sandbox.world.projects.values()) {
    const isOthers = organizationId !== world.organization.id;
    if (isOthers && name !== "ZITADEL") sandbox.world.projects.delete(id);
  }
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  stack.defer(() => Deno.remove(envFile));
  const { clientId, clientSecret } = world.reader;
  await Deno.writeTextFile(
    envFile,
    `ZITADEL_DOMAIN=${sandbox.origin}\nCLIENT_ID=${clientId}\nCLIENT_SECRET=${clientSecret}\n`,
  );
  const server = stack.use(startFunction(envFile, sandbox.origin));
  const place = { instance, organization: undefined, envFile };
  const changes = planSetup(await readState(place), {
    target: {
      name: "ours",
      endpoint: server.endpoint,
      timeoutSeconds: 10,
      interruptOnError: false,
    },
    conditions: ["function/preaccesstoken", "event/group/org.metadata"],
    mapping: new Map(),
    force: false,
  });
  await applyChanges(place, changes);
  await server.reload();
  const settings = {
    ...parseEnv(await Deno.readTextFile(envFile)),
    ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
  };
  return { stack, sandbox, world, instance, settings };
}

export type Sound = Awaited<ReturnType<typeof soundWorld>>;

export async function examine(
  it: Sound,
  options: Partial<GatherOptions> = {},
): Promise<Finding[]> {
  return diagnose(
    await gatherFacts({
      settings: it.settings,
      organizations: [it.world.organization.id],
      ...options,
    }),
  );
}

/** Puts a sandbox's world back as it was. */
export function restore(world: SandboxWorld, saved: SandboxWorld): void {
  const copy = structuredClone(saved);
  for (const [name, value] of Object.entries(copy)) {
    const current = world[name as keyof SandboxWorld] as unknown;
    if (value instanceof Map && current instanceof Map) {
      current.clear();
      for (const [key, item] of value) current.set(key, item);
    }
  }
  world.members.splice(0, Infinity, ...copy.members);
}
