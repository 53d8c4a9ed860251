import type { SettingName } from "../../lib/config/settings.ts";
import { editEnvFile, splitKeys, withSetting } from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import { nameOf } from "../doctor/names.ts";
import { type Change, change, type Place } from "../plan/change.ts";

/** Sets one setting of the env file, other than keys and credentials. */
export function settingChange(
  { envFile }: Pick<Place, "envFile">,
  { name, value, shown = value, replaces = false }: {
    readonly name: SettingName;
    readonly value: string;
    /** What changes, as the operator reads it. */
    readonly shown?: string;
    /** Whether the env file has another value. */
    readonly replaces?: boolean;
  },
): Change {
  return change(
    "write-setting",
    `${replaces ? "~" : "+"} ${name} in ${envFile}: ${shown}`,
    () => editEnvFile(envFile, (text) => withSetting(text, name, value)),
    { setting: name },
  );
}

/** Adds what a comma-separated setting lacks. */
export function addToSetting(
  place: Pick<Place, "envFile">,
  env: Settings,
  name: SettingName,
  items: readonly { readonly id: string; readonly name: string }[],
): Change[] {
  const listed = splitKeys(env[name]);
  const added = new Map(
    items.filter(({ id }) => !listed.includes(id)).map((it) => [it.id, it]),
  );
  if (added.size === 0) return [];
  const names = [...added.values()].map(nameOf).join(", ");
  const replaces = listed.length > 0;
  return [settingChange(place, {
    name,
    value: [...listed, ...added.keys()].join(","),
    shown: replaces ? `also ${names}` : names,
    replaces,
  })];
}
