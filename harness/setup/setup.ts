import { listExecutions } from "../zitadel/execution.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { listTargets } from "../zitadel/target.ts";
import { parseEnv, readEnvFile, SIGNING_KEY_SETTING } from "../cli/env_file.ts";
import type { Place } from "./place.ts";
import type { State } from "./plan.ts";

export { applyChanges } from "./apply_changes.ts";
export { bind } from "./bind.ts";
export type { Place } from "./place.ts";

/**
 * Reads what there is.
 *
 * @throws {ZitadelError} If any part of it cannot be read: then nothing may be
 * planned, let alone changed.
 */
export async function readState(place: Place): Promise<State> {
  const { instance, organization, envFile } = place;
  const targets = await listTargets(instance);
  const executions = await listExecutions(instance);
  let read: Awaited<ReturnType<typeof listMetadata>> | undefined;
  if (organization !== undefined) {
    const [visible] = await listOrganizations(instance, { id: organization });
    if (visible === undefined) {
      throw new Error(
        `Cannot read the organization ${organization}: it does not exist, or the token's user may not read it. Check --org (console: Organization > Resource ID)`,
      );
    }
    read = await listMetadata(instance, organization);
  }
  const env = parseEnv(await readEnvFile(envFile));
  return {
    targets,
    executions,
    metadata: read?.entries ?? [],
    metadataApi: read?.api,
    signingKeys: env[SIGNING_KEY_SETTING],
    env,
  };
}
