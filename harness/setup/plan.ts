/**
 * What to change, worked out from what is there and what is wished for. Nothing
 * here reads or writes.
 *
 * @module
 */
import type { Execution } from "../zitadel/execution.ts";
import type { MetadataEntry } from "../zitadel/metadata.ts";
import type { Target, TargetSettings } from "../zitadel/target.ts";
import { SIGNING_KEY_SETTING, splitKeys } from "../cli/env_file.ts";
import { type Mapping, meansSame } from "../roles/roles_file.ts";

/** Stands for the id of a target that is yet to be created. */
export const NEW_TARGET = "new";

/** The setting that names the instance. */
export const DOMAIN_SETTING = "ZITADEL_DOMAIN";

/** What is there. */
export interface State {
  /** Every target of the instance. */
  readonly targets: readonly Target[];
  /** Everything that is bound on the instance. */
  readonly executions: readonly Execution[];
  /** The organization's metadata; empty where no mapping is wished for. */
  readonly metadata: readonly MetadataEntry[];
  /** The value of AUTHORIZATION_SIGNING_KEY in the env file. */
  readonly signingKeys: string | undefined;
  /** The value of ZITADEL_DOMAIN in the env file. */
  readonly domain?: string | undefined;
}

/** What is wished for. */
export interface Wish {
  /** The target; its name says which one it is. Left out, only the mapping counts. */
  readonly target?: TargetSettings | undefined;
  /** On what it is to be called. */
  readonly conditions: readonly string[];
  /** What the organization's metadata is to say. */
  readonly mapping: Mapping;
  /** Whether another signing key in the env file may be replaced. */
  readonly force: boolean;
  /** Which instance the env file is to name, where it names none yet. */
  readonly domain?: string | undefined;
}

/** How one entry of the metadata changes. */
export interface EntryChange {
  /** Its key. */
  readonly key: string;
  /** What it says; `undefined` where it is not there. */
  readonly from: string | undefined;
  /** What it is to say; `undefined` where it goes. */
  readonly to: string | undefined;
}

/** One change, in the terms of the instance. */
export type Change =
  | {
    readonly kind: "create-target";
    readonly settings: TargetSettings;
  }
  | {
    readonly kind: "update-target";
    readonly id: string;
    readonly from: TargetSettings;
    readonly settings: TargetSettings;
  }
  | {
    readonly kind: "delete-target";
    readonly id: string;
    readonly name: string;
  }
  | {
    readonly kind: "bind";
    readonly condition: string;
    readonly from: readonly string[];
    readonly to: readonly string[];
  }
  | {
    readonly kind: "set-metadata" | "remove-metadata";
    readonly entries: readonly EntryChange[];
  }
  | {
    readonly kind: "write-key" | "drop-key";
    /** Whose key; {@linkcode NEW_TARGET} for that of the new target. */
    readonly id: string;
    /** Whether other keys give way to it. */
    readonly replaces: boolean;
  }
  | {
    readonly kind: "write-domain";
    readonly domain: string;
  };

/**
 * Works out what setting up has to change. The target comes first, since it is
 * what ZITADEL may refuse, and the bindings last, when all else is in place.
 *
 * @param state What is there.
 * @param wish What is wished for.
 * @returns The changes, in the order to make them; none where all is as wished.
 * @throws {Error} Where the env file holds another target's key.
 */
export function planSetup(state: State, wish: Wish): Change[] {
  const { target: settings } = wish;
  const target = state.targets.find(({ name }) => name === settings?.name);
  const id = target?.id ?? NEW_TARGET;
  const changes: Change[] = [];
  if (settings !== undefined) {
    changes.push(...planTarget(state, { target, settings, force: wish.force }));
    const { domain } = wish;
    if (domain && !state.domain) changes.push({ kind: "write-domain", domain });
  }

  const entries = [...wish.mapping].flatMap(([key, permissions]) => {
    const entry = state.metadata.find((entry) => entry.key === key);
    if (entry && meansSame(entry.value, permissions)) return [];
    const from = entry && textOf(entry.value);
    return [{ key, from, to: JSON.stringify(permissions) }];
  });
  if (entries.length > 0) changes.push({ kind: "set-metadata", entries });

  for (const condition of settings === undefined ? [] : wish.conditions) {
    const bound = state.executions.find((it) => it.condition === condition);
    const from = bound?.targets ?? [];
    if (from.includes(id)) continue;
    changes.push({ kind: "bind", condition, from, to: [...from, id] });
  }
  return changes;
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
        `Cannot write the signing key: ${SIGNING_KEY_SETTING} in the env file is that of another target, and the function could no longer check its calls. Choose another --env-file, or replace it with --force`,
      );
    }
    changes.push({ kind: "write-key", id, replaces: keys.length > 0 });
  }
  return changes;
}

/**
 * Works out what takes the target away again, also where it is half gone. The
 * bindings come first, so that nothing is called that is no longer there; the
 * target last, since it alone knows its key.
 *
 * @param state What is there.
 * @param wish The target's name, and the mapping to take out: only entries that
 * still say what it says.
 * @returns The changes, in the order to make them.
 */
export function planRemoval(
  state: State,
  wish: { readonly name: string; readonly mapping: Mapping },
): Change[] {
  const target = state.targets.find(({ name }) => name === wish.name);
  const changes: Change[] = [];
  if (target !== undefined) {
    const { id, name, signingKey } = target;
    for (const { condition, targets: from } of state.executions) {
      if (!from.includes(id)) continue;
      const to = from.filter((other) => other !== id);
      changes.push({ kind: "bind", condition, from, to });
    }
    if (splitKeys(state.signingKeys).includes(signingKey)) {
      changes.push({ kind: "drop-key", id, replaces: false });
    }
    changes.push({ kind: "delete-target", id, name });
  }
  const entries = [...wish.mapping].flatMap(([key, permissions]) => {
    const entry = state.metadata.find((entry) => entry.key === key);
    if (!entry || !meansSame(entry.value, permissions)) return [];
    return [{ key, from: textOf(entry.value), to: undefined }];
  });
  if (entries.length > 0) changes.push({ kind: "remove-metadata", entries });
  return changes;
}

function differs(target: Target, settings: TargetSettings): boolean {
  return target.kind !== "call" || target.endpoint !== settings.endpoint ||
    target.timeoutSeconds !== settings.timeoutSeconds ||
    target.interruptOnError !== settings.interruptOnError;
}

function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
