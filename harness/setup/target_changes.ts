/**
 * The changes of a target, its key and its bindings.
 *
 * @module
 */
import { SIGNING_KEY_SETTING } from "../cli/env_file.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  createTarget,
  deleteTarget,
  listTargets,
  type Target,
  type TargetSettings,
  updateTarget,
} from "../zitadel/target.ts";
import { bind, type Binding } from "./bind.ts";
import { type Change, change, ofOwner, type Place } from "./change.ts";
import { changeKeys } from "./signing_keys.ts";

/** A target of the plan: its id is known once it exists. */
export interface PlannedTarget {
  readonly name: string;
  id: string | undefined;
}

export function createTargetChange(
  { instance }: Place,
  target: PlannedTarget,
  settings: TargetSettings,
): Change {
  const shown = settingsOf(settings).map(([key, value]) => `${key} ${value}`);
  return change(
    "create-target",
    `+ target "${settings.name}": ${shown.join(", ")}`,
    async () => {
      const { id } = await createTarget(instance, settings);
      target.id = id;
      await targetSettles(instance, id, "the target is listed");
    },
    { needs: ofOwner("action.target.write", "create the target") },
  );
}

/** Changes a target; guarded if logins would depend on the function in a new way. */
export function updateTargetChange(
  { instance }: Place,
  from: Target,
  settings: TargetSettings,
): Change {
  const { id, endpoint, interruptOnError } = from;
  const before = new Map(settingsOf(from));
  const differences = settingsOf(settings)
    .filter(([key, value]) => before.get(key) !== value)
    .map(([key, value]) => `${key} ${before.get(key)} -> ${value}`);
  return change(
    "update-target",
    `~ target "${settings.name}": ${differences.join(", ")}`,
    async () => {
      await updateTarget(instance, id, settings);
      await targetSettles(instance, id, "the target has its new settings", {
        isSettled: (target) => !differs(target, settings),
      });
    },
    {
      needs: ofOwner("action.target.write", "change the target"),
      isGuarded: settings.endpoint !== endpoint ||
        settings.interruptOnError && !interruptOnError,
    },
  );
}

export function deleteTargetChange(
  { instance }: Place,
  { id, name }: Target,
): Change {
  return change(
    "delete-target",
    `- target "${name}"`,
    () => removeTarget(instance, id),
    { needs: ofOwner("action.target.write", "delete the target") },
  );
}

/** Deletes a target, and waits until it is gone. */
export async function removeTarget(
  instance: Instance,
  id: string,
): Promise<void> {
  await deleteTarget(instance, id);
  await targetSettles(instance, id, "the target is gone", {
    isSettled: (target) => target === undefined,
  });
}

/** Binds a target behind what a condition calls, or takes targets out. */
export function bindChange(
  { instance }: Place,
  { condition, from, to }: Omit<Binding, "to"> & {
    readonly to: readonly (string | PlannedTarget)[];
  },
  targets: readonly Target[],
): Change {
  const nameOf = (it: string | PlannedTarget) =>
    typeof it === "string"
      ? targets.find(({ id }) => id === it)?.name ?? it
      : it.name;
  const list = (them: readonly (string | PlannedTarget)[]) =>
    them.map((it) => `"${nameOf(it)}"`).join(", ") || "nothing";
  const sign = from.length === 0 ? "+" : to.length === 0 ? "-" : "~";
  return change(
    "bind",
    `${sign} ${condition} calls: ${list(from)} -> ${list(to)}`,
    () => {
      const ids = to.map((it) => typeof it === "string" ? it : it.id!);
      return bind(instance, { condition, from, to: ids });
    },
    {
      needs: ofOwner("action.execution.write", "bind or unbind the target"),
      isGuarded: true,
      isAboutEvents: condition.startsWith("event/"),
    },
  );
}

/** Writes a target's key into the env file, beside others or in their place. */
export function writeKeyChange(
  { instance, envFile }: Place,
  target: PlannedTarget,
  { replaces }: { readonly replaces: boolean },
): Change {
  const suffix = replaces ? ", in place of another" : "";
  return change(
    "write-key",
    `${replaces ? "~" : "+"} ${textOfKey(envFile, target)}${suffix}`,
    async () => {
      const key = await keyOf(instance, target);
      await changeKeys(envFile, (keys) => replaces ? [key] : [...keys, key]);
    },
    { setting: SIGNING_KEY_SETTING },
  );
}

export function dropKeyChange(
  { instance, envFile }: Place,
  target: Target,
): Change {
  return change("drop-key", `- ${textOfKey(envFile, target)}`, async () => {
    const key = await keyOf(instance, target);
    await changeKeys(envFile, (keys) => keys.filter((it) => it !== key));
  });
}

export function differs(
  target: Target | undefined,
  settings: TargetSettings,
): boolean {
  return JSON.stringify(target && settingsOf(target)) !==
    JSON.stringify(settingsOf(settings));
}

/** Waits until a target is as it should be: by default, that there is one. */
export async function targetSettles(
  instance: Instance,
  id: string,
  what: string,
  { isSettled = (target) => target !== undefined }: {
    readonly isSettled?: (target: Target | undefined) => boolean;
  } = {},
): Promise<void> {
  const find = async () =>
    (await listTargets(instance)).find((target) => target.id === id);
  await waitUntil(async () => isSettled(await find()), { what });
}

function textOfKey(envFile: string, { name }: { readonly name: string }) {
  return `${SIGNING_KEY_SETTING} in ${envFile}: the key of "${name}"`;
}

async function keyOf(
  instance: Instance,
  { id }: PlannedTarget,
): Promise<string> {
  const targets = await listTargets(instance);
  const signingKey = targets.find((it) => it.id === id)?.signingKey;
  if (signingKey) return signingKey;
  throw new Error(
    "Cannot read the target's signing key: ZITADEL does not show it to this token. Use a token of IAM_OWNER",
  );
}

function settingsOf(settings: TargetSettings): [string, string][] {
  return [
    ["endpoint", settings.endpoint],
    ["timeout", `${settings.timeoutSeconds}s`],
    ["interruptOnError", settings.interruptOnError ? "on" : "off"],
    ["answer is", (settings.kind ?? "call") === "call" ? "read" : "ignored"],
  ];
}
