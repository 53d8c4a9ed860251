import {
  parseEnv,
  readEnvFile,
  SIGNING_KEY_SETTING,
  splitKeys,
  withSetting,
  writeEnvFile,
} from "../cli/env_file.ts";
import { writeEntries } from "../roles/write_entries.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  createCredential,
  removeCredential,
  writeCredential,
} from "../zitadel/credential.ts";
import {
  createMarkedServiceUser,
  findServiceUser,
  type FoundUser,
  giveReaderRole,
  removeServiceUser,
} from "../zitadel/service_user.ts";
import {
  createTarget,
  deleteTarget,
  listTargets,
  updateTarget,
} from "../zitadel/target.ts";
import { bind, type Binding, confirmBindings } from "./bind.ts";
import { type Change, NEW_TARGET } from "./change.ts";
import { confirmCredential } from "./read_service_user.ts";
import type { Place } from "./place.ts";

export interface ApplyOptions {
  /** Is told of each change made. */
  readonly onChange?: ((change: Change) => void) | undefined;
  /** Stops before the next change: one that is begun is completed. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait before bindings are checked again, in milliseconds. */
  readonly settleMs?: number | undefined;
}

/**
 * Makes changes in turn, and waits until each has taken effect. If one fails,
 * those before it stay; a new plan holds the rest.
 *
 * @throws {Error} If a change is refused, or the bindings are not as planned.
 */
export async function applyChanges(
  place: Place,
  changes: readonly Change[],
  options: ApplyOptions = {},
): Promise<void> {
  const { onChange, signal, settleMs } = options;
  const run = new Run(place);
  const bindings: Binding[] = [];
  for (const change of changes) {
    signal?.throwIfAborted();
    const bound = await run.apply(change);
    if (bound) bindings.push(bound);
    onChange?.(change);
  }
  await confirmBindings(place.instance, bindings, { settleMs, signal });
}

/** Knows the ids of what it created. */
class Run {
  readonly #place: Place;
  #target = "";
  #user: FoundUser | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Makes one change; returns the binding if it is one. */
  async apply(change: Change): Promise<Binding | undefined> {
    const { instance, organization, envFile } = this.#place;
    switch (change.kind) {
      case "create-target":
        this.#target = (await createTarget(instance, change.settings)).id;
        await this.#targetExists(this.#target, true);
        return;
      case "update-target":
        await this.#updateTarget(change);
        return;
      case "delete-target":
        await deleteTarget(instance, change.id);
        await this.#targetExists(change.id, false);
        return;
      case "bind": {
        const { condition, from, to } = change;
        const binding = { condition, from, to: to.map((id) => this.#idOf(id)) };
        await bind(instance, binding);
        return binding;
      }
      case "set-metadata":
      case "remove-metadata":
        await writeEntries(instance, organization!, change.entries);
        return;
      case "write-key":
        await changeKeys(this.#place, {
          id: this.#idOf(change.id),
          change: (keys, key) => change.replaces ? [key] : [...keys, key],
        });
        return;
      case "drop-key":
        await changeKeys(this.#place, {
          id: change.id,
          change: (keys, key) => keys.filter((other) => other !== key),
        });
        return;
      case "write-setting":
        await writeSetting(envFile, change.name, change.value);
        return;
      default:
        await this.#changeServiceUser(change);
    }
  }

  async #changeServiceUser(change: ServiceUserChange): Promise<void> {
    const { instance, envFile } = this.#place;
    switch (change.kind) {
      case "create-user": {
        const { organization, name } = change;
        this.#user = await createMarkedServiceUser(
          instance,
          organization,
          name,
        );
        await this.#waitUntil(
          "the service user is listed",
          async () =>
            await findServiceUser(instance, organization, name) !== undefined,
        );
        return;
      }
      case "give-role":
        await giveReaderRole(
          instance,
          change.user ?? this.#user!,
          change.role,
        );
        return;
      case "write-credential": {
        const { id: user, organization } = change.user ?? this.#user!;
        const created = await createCredential(instance, {
          organization,
          user,
        }, { kind: change.credential, days: change.days });
        await writeCredential(envFile, created);
        await confirmCredential(instance, envFile, organization);
        return;
      }
      case "drop-credential":
        await removeCredential(envFile);
        return;
      case "remove-user": {
        const { user, name } = change;
        await removeServiceUser(instance, user);
        await this.#waitUntil(
          "the service user is gone",
          async () =>
            await findServiceUser(instance, user.organization, name) ===
              undefined,
        );
      }
    }
  }

  async #updateTarget(
    { id, settings }: Change & { kind: "update-target" },
  ): Promise<void> {
    const { instance } = this.#place;
    await updateTarget(instance, id, settings);
    await this.#waitUntil(
      "the target has its new settings",
      async () =>
        (await listTargets(instance)).some((target) =>
          target.id === id && target.endpoint === settings.endpoint &&
          target.timeoutSeconds === settings.timeoutSeconds &&
          target.interruptOnError === settings.interruptOnError
        ),
    );
  }

  async #targetExists(id: string, exists: boolean): Promise<void> {
    await this.#waitUntil(
      exists ? "the target is listed" : "the target is gone",
      async () =>
        (await listTargets(this.#place.instance))
          .some((target) => target.id === id) === exists,
    );
  }

  #idOf(id: string): string {
    return id === NEW_TARGET ? this.#target : id;
  }

  #waitUntil(what: string, condition: () => Promise<boolean>): Promise<void> {
    return waitUntil(condition, { what });
  }
}

type ServiceUserChange = Extract<
  Change,
  {
    kind:
      | "create-user"
      | "give-role"
      | "write-credential"
      | "drop-credential"
      | "remove-user";
  }
>;

async function writeSetting(
  envFile: string,
  name: string,
  value: string,
): Promise<void> {
  const text = await readEnvFile(envFile);
  await writeEnvFile(envFile, withSetting(text, name, value));
}

async function changeKeys(
  { instance, envFile }: { instance: Instance; envFile: string },
  { id, change }: {
    readonly id: string;
    readonly change: (keys: string[], key: string) => string[];
  },
): Promise<void> {
  const { signingKey } =
    (await listTargets(instance)).find((target) => target.id === id) ?? {};
  if (!signingKey) {
    throw new Error(
      "Cannot read the target's signing key: ZITADEL does not show it to this token. Use a token of IAM_OWNER",
    );
  }
  const text = await readEnvFile(envFile);
  const keys = splitKeys(parseEnv(text)[SIGNING_KEY_SETTING]);
  const value = change(keys, signingKey).join(",") || undefined;
  await writeEnvFile(envFile, withSetting(text, SIGNING_KEY_SETTING, value));
}
