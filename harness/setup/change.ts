import type { SettingName } from "../../lib/config/settings.ts";
import type { EntryChange } from "../roles/plan_mapping.ts";
import type { CredentialKind } from "../zitadel/credential.ts";
import type { FoundUser, ReaderRole } from "../zitadel/service_user.ts";
import type { TargetSettings } from "../zitadel/target.ts";

/** Stands for the id of a target that does not exist yet. */
export const NEW_TARGET = "new";

/** A setting of the env file, other than keys and credentials. */
export interface SettingChange {
  readonly kind: "write-setting";
  readonly name: SettingName;
  readonly value: string;
  /** What changes, as the operator reads it. */
  readonly shown: string;
  /** Whether the env file has another value. */
  readonly replaces: boolean;
}

/** One change, in the terms of the instance and the env file. */
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
    /** The target whose key it is; {@linkcode NEW_TARGET} for the new one. */
    readonly id: string;
    /** Whether it replaces other keys. */
    readonly replaces: boolean;
  }
  | SettingChange
  | {
    readonly kind: "create-user";
    readonly name: string;
    readonly organization: string;
  }
  | {
    readonly kind: "give-role";
    readonly name: string;
    readonly role: ReaderRole;
    /** The user; `undefined` for the one that was just created. */
    readonly user: FoundUser | undefined;
  }
  | {
    readonly kind: "write-credential";
    readonly name: string;
    readonly credential: CredentialKind;
    readonly days: number;
    /** Whether the env file has one that ZITADEL refuses. */
    readonly replaces: boolean;
    readonly user: FoundUser | undefined;
  }
  | {
    readonly kind: "remove-user";
    readonly name: string;
    readonly user: FoundUser;
  }
  | { readonly kind: "drop-credential"; readonly name: string };
