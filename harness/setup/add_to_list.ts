import { splitKeys } from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import { nameOf } from "../doctor/names.ts";
import type { SettingChange } from "./change.ts";

/** Adds what a comma-separated setting lacks. */
export function addToList(
  env: Settings,
  name: SettingChange["name"],
  items: readonly { readonly id: string; readonly name: string }[],
): SettingChange[] {
  const listed = splitKeys(env[name]);
  const added = new Map(
    items.filter(({ id }) => !listed.includes(id)).map((it) => [it.id, it]),
  );
  if (added.size === 0) return [];
  const names = [...added.values()].map(nameOf).join(", ");
  const replaces = listed.length > 0;
  return [{
    kind: "write-setting",
    name,
    value: [...listed, ...added.keys()].join(","),
    shown: replaces ? `also ${names}` : names,
    replaces,
  }];
}
