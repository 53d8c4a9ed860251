/**
 * What to change, worked out from what is there and what is wanted. Nothing
 * here reads or writes.
 *
 * @module
 */
import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import { SIGNING_KEY_SETTING, splitKeys } from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import type { Mapping } from "../roles/parse_roles.ts";
import {
  type EntryChange,
  planMapping,
  planMappingRemoval,
} from "../roles/plan_mapping.ts";
import type { Execution } from "../zitadel/execution.ts";
import type { MetadataEntry } from "../zitadel/metadata.ts";
import type { Target, TargetSettings } from "../zitadel/target.ts";
import { type Change, NEW_TARGET, type SettingChange } from "./change.ts";
import {
  planServiceUser,
  planServiceUserRemoval,
  type ServiceUserState,
  type ServiceUserWish,
} from "./plan_service_user.ts";

export { type Change, NEW_TARGET } from "./change.ts";

/** What is there. */
export interface State {
  /** Every target of the instance. */
  readonly targets: readonly Target[];
  /** Everything that is bound on the instance. */
  readonly executions: readonly Execution[];
  /** The organization's metadata; empty if no mapping is touched. */
  readonly metadata: readonly MetadataEntry[];
  /** By which API it was read, which tells the release; `undefined` if it was not. */
  readonly metadataApi?: MetadataApi | undefined;
  /** The value of AUTHORIZATION_SIGNING_KEY in the env file. */
  readonly signingKeys: string | undefined;
  /** The settings in the env file. */
  readonly env: Settings;
  /** The function's service user; `undefined` if it is not looked at. */
  readonly serviceUser?: ServiceUserState | undefined;
}

/** What is wanted. */
export interface Wish {
  /** The target; its name identifies it. Left out, only the rest counts. */
  readonly target?: TargetSettings | undefined;
  /** On what it is called. */
  readonly conditions: readonly string[];
  /** The mapping that the organization's metadata holds. */
  readonly mapping: Mapping;
  /** Whether entries that are not in the mapping are removed. */
  readonly prune?: boolean;
  /** Whether another signing key in the env file may be replaced. */
  readonly force: boolean;
  /** The instance that the env file names, if it names none yet. */
  readonly domain?: string | undefined;
  readonly serviceUser?: ServiceUserWish | undefined;
  /** What is proposed for the env file. */
  readonly settings?: readonly SettingChange[] | undefined;
}

/**
 * Works out what setting up has to change. The target comes first, since ZITADEL
 * may refuse it, and the bindings last, when all else is in place.
 *
 * @returns The changes, in the order to make them; none if all is as wanted.
 * @throws {Error} If the env file holds another target's key, or the service
 * user's name is taken.
 */
export function planSetup(state: State, wish: Wish): Change[] {
  const { target: settings, domain } = wish;
  const target = state.targets.find(({ name }) => name === settings?.name);
  const id = target?.id ?? NEW_TARGET;
  const changes: Change[] = [];
  if (settings !== undefined) {
    changes.push(...planTarget(state, { target, settings, force: wish.force }));
    if (domain && !state.env.ZITADEL_DOMAIN) {
      changes.push({
        kind: "write-setting",
        name: "ZITADEL_DOMAIN",
        value: domain,
        shown: domain,
        replaces: false,
      });
    }
  }
  if (wish.serviceUser && state.serviceUser) {
    changes.push(...planServiceUser(state.serviceUser, wish.serviceUser));
  }
  changes.push(...wish.settings ?? [], ...planEntries(state, wish));
  for (const condition of settings === undefined ? [] : wish.conditions) {
    const bound = state.executions.find((it) => it.condition === condition);
    const from = bound?.targets ?? [];
    if (from.includes(id)) continue;
    changes.push({ kind: "bind", condition, from, to: [...from, id] });
  }
  return changes;
}

function planEntries(state: State, { mapping, prune = false }: Wish): Change[] {
  if (mapping.size === 0 && !prune) return [];
  const { set, removed } = planMapping(state.metadata, mapping, { prune });
  return [
    ...entryChange("set-metadata", set),
    ...entryChange("remove-metadata", removed),
  ];
}

function planTarget(
  state: State,
  { target, settings, force }: {
    target: Target | undefined;
    settings: TargetSettings;
    force: boolean;
  },
): Change[] {
  const changes: Change[] = [];
  const id = target?.id ?? NEW_TARGET;
  if (target === undefined) {
    changes.push({ kind: "create-target", settings });
  } else if (differs(target, settings)) {
    changes.push({ kind: "update-target", id, from: target, settings });
  }
  const keys = splitKeys(state.signingKeys);
  if (target === undefined || !keys.includes(target.signingKey)) {
    if (keys.length > 0 && !force) {
      throw new Error(
        `Cannot write the signing key: ${describeOtherKey(state, keys)}`,
      );
    }
    changes.push({ kind: "write-key", id, replaces: keys.length > 0 });
  }
  return changes;
}

/** Says whose the keys of the env file are, and how to go on. */
function describeOtherKey(
  { targets }: State,
  keys: readonly string[],
): string {
  const owners = targets.filter(({ signingKey }) => keys.includes(signingKey))
    .map(({ name }) => `"${name}"`);
  return owners.length > 0
    ? `${SIGNING_KEY_SETTING} in the env file is that of another target (${
      owners.join(", ")
    }), and the function could no longer check its calls. Choose another --env-file, or run again with --force to replace it`
    : `no target of this instance has the key in the env file (${SIGNING_KEY_SETTING}). Run again with --force to replace it, or choose another --env-file if it belongs to another instance`;
}

/**
 * Works out what takes targets away again, also if a former removal was
 * interrupted. The bindings come first, so that nothing is called that no longer
 * exists; each target after its key, since it alone tells which key is its own.
 *
 * @returns The changes, in the order to make them.
 */
export function planRemoval(
  state: State,
  wish: {
    /** The target's name; several during a rotation. */
    readonly name: string | readonly string[];
    /** The entries to take out: only those that still say what it says. */
    readonly mapping: Mapping;
  },
): Change[] {
  const names = typeof wish.name === "string" ? [wish.name] : wish.name;
  const targets = state.targets.filter(({ name }) => names.includes(name));
  const ids = new Set(targets.map(({ id }) => id));
  const { removed } = planMappingRemoval(state.metadata, wish.mapping);
  return [
    ...state.executions.flatMap(({ condition, targets: from }): Change[] => {
      const to = from.filter((id) => !ids.has(id));
      if (to.length === from.length) return [];
      return [{ kind: "bind", condition, from, to }];
    }),
    ...targets.flatMap(({ id, name, signingKey }): Change[] => [
      ...splitKeys(state.signingKeys).includes(signingKey)
        ? [{ kind: "drop-key", id, replaces: false } as const]
        : [],
      { kind: "delete-target", id, name },
    ]),
    ...state.serviceUser ? planServiceUserRemoval(state.serviceUser) : [],
    ...entryChange("remove-metadata", removed),
  ];
}

function entryChange(
  kind: "set-metadata" | "remove-metadata",
  entries: readonly EntryChange[],
): Change[] {
  return entries.length === 0 ? [] : [{ kind, entries }];
}

function differs(target: Target, settings: TargetSettings): boolean {
  return target.kind !== "call" || target.endpoint !== settings.endpoint ||
    target.timeoutSeconds !== settings.timeoutSeconds ||
    target.interruptOnError !== settings.interruptOnError;
}
