/**
 * The changes of a target, its key and its bindings.
 *
 * @module
 */
import { SIGNING_KEY_SETTING } from "../cli/env_file.ts";
import type { Instance } from "../zitadel/client.ts";
import type { RotationSituation } from "../zitadel/unfinished_rotation.ts";
import {
  createTarget,
  deleteTarget,
  listTargets,
  type Target,
  type TargetSettings,
  updateTarget,
} from "../zitadel/target.ts";
import { bind, type Binding } from "./bind.ts";
import { type Change, change, type Place } from "../plan/change.ts";
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
      target.id = (await createTarget(instance, settings)).id;
    },
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
    () => updateTarget(instance, id, settings),
    {
      isGuarded: settings.endpoint !== endpoint ||
        settings.interruptOnError && !interruptOnError,
    },
  );
}

/** Binds a target behind what a condition calls, or takes targets out; guarded if it binds one. */
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
      isGuarded: to.length > from.length,
      isAboutEvents: condition.startsWith("event/"),
    },
  );
}

/** Takes targets out of conditions: by default of every one. */
export function unbindChanges(
  place: Place,
  { executions, targets }: Omit<RotationSituation, "envKeys">,
  ids: readonly string[],
  conditions?: readonly string[],
): Change[] {
  return executions.flatMap(({ condition, targets: from }) => {
    const to = from.filter((id) => !ids.includes(id));
    const isMeant = conditions?.includes(condition) ?? true;
    return isMeant && to.length < from.length
      ? [bindChange(place, { condition, from, to }, targets)]
      : [];
  });
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

/** Removes a target, after its key in the env file: it alone tells which key is its own. */
export function removeTargetChanges(
  { instance, envFile }: Place,
  target: PlannedTarget,
  hasKey: boolean,
): Change[] {
  const drop = change(
    "drop-key",
    `- ${textOfKey(envFile, target)}`,
    async () => {
      const key = await keyOf(instance, target);
      await changeKeys(envFile, (keys) => keys.filter((it) => it !== key));
    },
  );
  const removal = change(
    "delete-target",
    `- target "${target.name}"`,
    () => deleteTarget(instance, target.id!),
  );
  return hasKey ? [drop, removal] : [removal];
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
