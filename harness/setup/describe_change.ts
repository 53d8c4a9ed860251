import type { Target, TargetSettings } from "../zitadel/target.ts";
import type { DiffLine } from "../cli/diff.ts";
import { describeEntry } from "../roles/describe_entry.ts";
import { SIGNING_KEY_SETTING } from "../cli/env_file.ts";
import { type Change, NEW_TARGET } from "./plan.ts";

/** Puts a change into words: lines of a diff. */
export function describeChange(
  change: Change,
  options: {
    /** All of them, to call them by name. */
    readonly targets: readonly Target[];
    /** The name of the new target. */
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
      return change.entries.map(describeEntry);
    case "write-key":
      return [{
        sign: change.replaces ? "~" : "+",
        text: `${SIGNING_KEY_SETTING} in ${envFile}: the key of ${
          nameOf(change.id)
        }${change.replaces ? ", in place of another" : ""}`,
      }];
    case "write-setting":
      return [{
        sign: change.replaces ? "~" : "+",
        text: `${change.name} in ${envFile}: ${change.shown}`,
      }];
    case "drop-key":
      return [{
        sign: "-",
        text: `${SIGNING_KEY_SETTING} in ${envFile}: the key of ${
          nameOf(change.id)
        }`,
      }];
    case "create-user":
      return [{ sign: "+", text: `service user "${change.name}"` }];
    case "give-role":
      return [{
        sign: "+",
        text: `role ${change.role} for the service user "${change.name}"`,
      }];
    case "write-credential":
      return [{
        sign: change.replaces ? "~" : "+",
        text: `${
          change.credential === "key" ? "SERVICE_ACCOUNT_KEY" : "ACCESS_TOKEN"
        } in ${envFile}: a new ${
          change.credential === "key" ? "key" : "personal access token"
        } of "${change.name}" for ${change.days} days${
          change.replaces ? ", in place of one that ZITADEL refuses" : ""
        }`,
      }];
    case "drop-credential":
      return [{
        sign: "-",
        text: `the credential of "${change.name}" in ${envFile}`,
      }];
    case "remove-user":
      return [{
        sign: "-",
        text: `service user "${change.name}", with its role and credentials`,
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
