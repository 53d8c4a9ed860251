/**
 * What to change, worked out from what is there and what is wanted.
 *
 * @module
 */
import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import {
  parseEnv,
  readEnvFile,
  SIGNING_KEY_SETTING,
  splitKeys,
} from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import { findOrganization } from "../mapping/mapping_organization.ts";
import type { MappingPlan } from "../roles/plan_mapping.ts";
import { entryChanges } from "../roles/write_entries.ts";
import { listExecutions } from "../zitadel/execution.ts";
import { listMetadata, type MetadataEntry } from "../zitadel/metadata.ts";
import {
  hasSettings,
  listTargets,
  type Target,
  type TargetSettings,
} from "../zitadel/target.ts";
import type { RotationSituation } from "../zitadel/unfinished_rotation.ts";
import type { Change, Place } from "../plan/change.ts";
import {
  bindChange,
  createTargetChange,
  type PlannedTarget,
  updateTargetChange,
  writeKeyChange,
} from "./target_changes.ts";
import { settingChange } from "./write_setting.ts";

/** What is there. */
export interface State extends RotationSituation {
  /** The organization's metadata; empty if no mapping is touched. */
  readonly metadata: readonly MetadataEntry[];
  /** By which API it was read, which tells the release; `undefined` if it was not. */
  readonly metadataApi?: MetadataApi | undefined;
  /** The settings in the env file. */
  readonly env: Settings;
}

/** What is wanted. */
export interface Wish {
  /** The target's name, also if the target is left out. */
  readonly name?: string;
  /** The target; its name identifies it. Left out, only the rest counts. */
  readonly target?: TargetSettings | undefined;
  /** On what it is called. */
  readonly conditions: readonly string[];
  /** What changes in the organization's metadata. */
  readonly entries: MappingPlan;
  /** Whether another signing key in the env file may be replaced. */
  readonly force?: boolean;
  /** The instance that the env file names, if it names none yet. */
  readonly domain?: string | undefined;
  /** The service user, and what is proposed for the env file. */
  readonly others?: readonly Change[];
}

/**
 * Reads what there is.
 *
 * @throws {ZitadelError} If any part of it cannot be read: then nothing may be
 * planned, let alone changed.
 */
export async function readState(
  { instance, organization, envFile }: Place,
): Promise<State> {
  const targets = await listTargets(instance);
  const executions = await listExecutions(instance);
  if (organization) await findOrganization(instance, organization, "--org");
  const { entries: metadata, api: metadataApi } = organization
    ? await listMetadata(instance, organization)
    : { entries: [], api: undefined };
  const env = parseEnv(await readEnvFile(envFile));
  const envKeys = splitKeys(env[SIGNING_KEY_SETTING]);
  return { targets, executions, metadata, metadataApi, envKeys, env };
}

/**
 * Works out what setting up has to change. The target comes first, since ZITADEL
 * may refuse it, and the bindings last, when all else is in place.
 *
 * @returns The changes, in the order to make them; none if all is as wanted.
 * @throws {Error} If the env file holds another target's key.
 */
export function planSetup(place: Place, state: State, wish: Wish): Change[] {
  const { target: settings, domain: value } = wish;
  const others = [
    ...settings && value && !state.env.ZITADEL_DOMAIN
      ? [settingChange(place, { name: "ZITADEL_DOMAIN", value })]
      : [],
    ...wish.others ?? [],
    ...entryChanges(place, wish.entries),
  ];
  if (settings === undefined) return others;
  const existing = state.targets.find(({ name }) => name === settings.name);
  const target = existing ?? { name: settings.name, id: undefined };
  return [
    ...existing === undefined
      ? [createTargetChange(place, target, settings)]
      : hasSettings(existing, settings)
      ? []
      : [updateTargetChange(place, existing, settings)],
    ...planKey(place, state, target, wish),
    ...others,
    ...wish.conditions.flatMap((condition) => {
      const { targets: from = [] } = state.executions.find((it) =>
        it.condition === condition
      ) ?? {};
      if (target.id && from.includes(target.id)) return [];
      const to = [...from, target];
      return [bindChange(place, { condition, from, to }, state.targets)];
    }),
  ];
}

function planKey(
  place: Place,
  { targets, envKeys: keys }: State,
  target: PlannedTarget | Target,
  { force = false }: Wish,
): Change[] {
  if ("signingKey" in target && keys.includes(target.signingKey)) return [];
  const replaces = keys.length > 0;
  if (!replaces || force) return [writeKeyChange(place, target, { replaces })];
  const owners = targets.filter(({ signingKey }) => keys.includes(signingKey))
    .map(({ name }) => `"${name}"`).join(", ");
  throw new Error(
    `Cannot write the signing key: ${
      owners
        ? `${SIGNING_KEY_SETTING} in the env file is that of another target (${owners}), and the function could no longer check its calls. Choose another --env-file, or run again with --force to replace it`
        : `no target of this instance has the key in the env file (${SIGNING_KEY_SETTING}). Run again with --force to replace it, or choose another --env-file if it belongs to another instance`
    }`,
  );
}
