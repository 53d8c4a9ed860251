import type { Target, TargetSettings } from "../zitadel/target.ts";
import type { DiffLine } from "../cli/diff.ts";
import { SIGNING_KEY_SETTING } from "../cli/env_file.ts";
import { type Change, DOMAIN_SETTING, NEW_TARGET } from "./plan.ts";

/** Longer metadata values are cut, in characters. */
const MAX_VALUE_LENGTH = 80;

/**
 * Puts a change into words.
 *
 * @param change The change.
 * @param options The targets there are, to call them by name, the wished-for
 * target's name, and the env file's path.
 * @returns Lines of a diff.
 */
export function describeChange(
  change: Change,
  options: {
    readonly targets: readonly Target[];
    readonly name: string;
    readonly envFile: string;
  },
): DiffLine[] {
  const { targets, name, envFile } = options;
  const nameOf = (id: string) =>
    id === NEW_TARGET
      ? `"${name}"`
      : `"${targets.find((target) => target.id === id)?.name ?? id}"`;
  switch (change.kind) {
    case "create-target":
      return [{
        sign: "+",
        text: `target "${change.settings.name}": ${
          settingsOf(change.settings).map(([key, value]) => `${key} ${value}`)
            .join(", ")
        }`,
      }];
    case "update-target": {
      const before = settingsOf(change.from);
      const differences = settingsOf(change.settings).flatMap(
        ([key, value], index) =>
          before[index]![1] === value
            ? []
            : [`${key} ${before[index]![1]} -> ${value}`],
      );
      return [{
        sign: "~",
        text: `target "${change.settings.name}": ${differences.join(", ")}`,
      }];
    }
    case "delete-target":
      return [{ sign: "-", text: `target "${change.name}"` }];
    case "bind": {
      const list = (ids: readonly string[]) =>
        ids.length === 0 ? "nothing" : ids.map(nameOf).join(", ");
      return [{
        sign: change.from.length === 0
          ? "+"
          : change.to.length === 0
          ? "-"
          : "~",
        text: `${change.condition} calls: ${list(change.from)} -> ${
          list(change.to)
        }`,
      }];
    }
    case "set-metadata":
    case "remove-metadata":
      return change.entries.map(({ key, from, to }) => ({
        sign: from === undefined ? "+" : to === undefined ? "-" : "~",
        text: `metadata ${key}: ${
          [from, to].filter((it) => it !== undefined).map(cut).join(" -> ")
        }`,
      }));
    case "write-key":
      return [{
        sign: change.replaces ? "~" : "+",
        text: `${SIGNING_KEY_SETTING} in ${envFile}: the key of ${
          nameOf(change.id)
        }${change.replaces ? ", in place of another" : ""}`,
      }];
    case "write-domain":
      return [{
        sign: "+",
        text: `${DOMAIN_SETTING} in ${envFile}: ${change.domain}`,
      }];
    case "drop-key":
      return [{
        sign: "-",
        text: `${SIGNING_KEY_SETTING} in ${envFile}: the key of ${
          nameOf(change.id)
        }`,
      }];
  }
}

function settingsOf(
  settings: TargetSettings & { readonly kind?: Target["kind"] },
): [string, string][] {
  return [
    ["endpoint", settings.endpoint],
    ["timeout", `${settings.timeoutSeconds}s`],
    ["interruptOnError", settings.interruptOnError ? "on" : "off"],
    ["answer is", (settings.kind ?? "call") === "call" ? "read" : "ignored"],
  ];
}

function cut(value: string): string {
  return value.length <= MAX_VALUE_LENGTH
    ? value
    : `${value.slice(0, MAX_VALUE_LENGTH)}...`;
}
