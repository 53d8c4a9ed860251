import type { Instance } from "../zitadel/client.ts";
import { listExecutions, setExecution } from "../zitadel/execution.ts";
import {
  listMetadata,
  removeMetadata,
  setMetadata,
} from "../zitadel/metadata.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import {
  createTarget,
  deleteTarget,
  listTargets,
  updateTarget,
} from "../zitadel/target.ts";
import { waitUntil } from "../util/wait_until.ts";
import { sendCanary } from "../function/canary.ts";
import {
  parseEnv,
  readEnvFile,
  SIGNING_KEY_SETTING,
  splitKeys,
  withSetting,
  writeEnvFile,
} from "../cli/env_file.ts";
import { type Change, DOMAIN_SETTING, NEW_TARGET, type State } from "./plan.ts";

/** Entries of the metadata that are written in one call. */
const METADATA_BATCH = 100;

/** What a set-up works on. */
export interface Place {
  /** The instance, with a token of IAM_OWNER. */
  readonly instance: Instance;
  /** Whose metadata holds the mapping; `undefined` if none is touched. */
  readonly organization: string | undefined;
  /** The env file that takes the signing key. */
  readonly envFile: string;
}

/**
 * Reads what is there.
 *
 * @param place The instance, the organization and the env file.
 * @returns The state.
 * @throws {ZitadelError} If any part of it cannot be read: then nothing may be
 * planned, let alone changed.
 */
export async function readState(place: Place): Promise<State> {
  const { instance, organization, envFile } = place;
  const targets = await listTargets(instance);
  const executions = await listExecutions(instance);
  let metadata: State["metadata"] = [];
  if (organization !== undefined) {
    const [visible] = await listOrganizations(instance, { id: organization });
    if (visible === undefined) {
      throw new Error(
        `Cannot read the organization ${organization}: it does not exist, or the token's user may not read it. Check --org (console: Organization > Resource ID)`,
      );
    }
    metadata = (await listMetadata(instance, organization)).entries;
  }
  const {
    [SIGNING_KEY_SETTING]: signingKeys,
    [DOMAIN_SETTING]: domain,
  } = parseEnv(await readEnvFile(envFile));
  return { targets, executions, metadata, signingKeys, domain };
}

/**
 * Makes changes in turn, and waits until each has taken effect. If
 * one fails, those before it stay; a new plan holds the rest.
 *
 * @param place Where to make them.
 * @param changes What a plan says.
 * @param options `onChange` receives each change made. `guardLogins` holds
 * back what would make every login depend on the function until it accepts a
 * call signed with the target's key.
 * @throws {Error} If a change is refused, or what is bound is no longer what
 * the plan says.
 */
export async function applyChanges(
  place: Place,
  changes: readonly Change[],
  options: {
    readonly onChange?: (change: Change) => void;
    readonly guardLogins?: boolean;
  } = {},
): Promise<void> {
  const { instance } = place;
  let created = "";
  const idOf = (id: string) => id === NEW_TARGET ? created : id;
  for (const change of changes) {
    if (options.guardLogins) await guard(place, change, idOf);
    switch (change.kind) {
      case "create-target":
        created = (await createTarget(instance, change.settings)).id;
        await targetSettles(instance, created, true);
        break;
      case "update-target":
        await updateTarget(instance, change.id, change.settings);
        await waitUntil(
          async () =>
            (await listTargets(instance)).some(({ id, ...target }) =>
              id === change.id &&
              target.endpoint === change.settings.endpoint &&
              target.timeoutSeconds === change.settings.timeoutSeconds &&
              target.interruptOnError === change.settings.interruptOnError
            ),
          { what: "the target has its new settings" },
        );
        break;
      case "delete-target":
        await deleteTarget(instance, change.id);
        await targetSettles(instance, change.id, false);
        break;
      case "bind":
        await bind(instance, {
          condition: change.condition,
          from: change.from,
          to: change.to.map(idOf),
        });
        break;
      case "set-metadata":
      case "remove-metadata":
        await changeMetadata(place, change);
        break;
      case "write-key":
        await changeKeys(
          place,
          idOf(change.id),
          (keys, key) => change.replaces ? [key] : [...keys, key],
        );
        break;
      case "write-domain": {
        const text = await readEnvFile(place.envFile);
        await writeEnvFile(
          place.envFile,
          withSetting(text, DOMAIN_SETTING, change.domain),
        );
        break;
      }
      case "drop-key":
        await changeKeys(
          place,
          change.id,
          (keys, key) => keys.filter((other) => other !== key),
        );
        break;
    }
    options.onChange?.(change);
  }
}

/**
 * Replaces what a condition calls, unless that changed in the meantime, and
 * waits until ZITADEL says the same.
 *
 * @param instance The instance, with a token of IAM_OWNER.
 * @param binding The condition, the targets seen, and the targets to be.
 * @throws {Error} If others bound or unbound a target in the meantime.
 */
export async function bind(
  instance: Instance,
  binding: {
    readonly condition: string;
    readonly from: readonly string[];
    readonly to: readonly string[];
  },
): Promise<void> {
  const { condition, from, to } = binding;
  if (!same(await boundTo(instance, condition), from)) {
    throw new Error(
      `Cannot bind to ${condition}: what is bound to it changed while this ran. Run the command again to see the change`,
    );
  }
  await setExecution(instance, { condition, targets: to });
  await waitUntil(
    async () => same(await boundTo(instance, condition), to),
    { what: `${condition} calls its new targets` },
  );
}

async function boundTo(
  instance: Instance,
  condition: string,
): Promise<readonly string[]> {
  const executions = await listExecutions(instance);
  return executions.find((it) => it.condition === condition)?.targets ?? [];
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, i) => id === other[i]);
}

function targetSettles(
  instance: Instance,
  id: string,
  exists: boolean,
): Promise<void> {
  return waitUntil(
    async () =>
      (await listTargets(instance)).some((target) => target.id === id) ===
        exists,
    { what: exists ? "the target is listed" : "the target is gone" },
  );
}

async function changeMetadata(
  { instance, organization }: Place,
  change: Change & { kind: "set-metadata" | "remove-metadata" },
): Promise<void> {
  if (organization === undefined) {
    throw new TypeError("Cannot change metadata: no organization is given");
  }
  const { kind, entries } = change;
  const encoder = new TextEncoder();
  for (let i = 0; i < entries.length; i += METADATA_BATCH) {
    const batch = entries.slice(i, i + METADATA_BATCH);
    if (kind === "remove-metadata") {
      const keys = batch.map(({ key }) => key);
      await removeMetadata(instance, organization, keys);
    } else {
      await setMetadata(
        instance,
        organization,
        batch.map(({ key, to }) => ({ key, value: encoder.encode(to) })),
      );
    }
  }
  await waitUntil(async () => {
    const { entries: stored } = await listMetadata(instance, organization);
    const decoder = new TextDecoder();
    const values = new Map(
      stored.map(({ key, value }) => [key, decoder.decode(value)]),
    );
    return entries.every(({ key, to }) => values.get(key) === to);
  }, { what: "the metadata is changed" });
}

async function changeKeys(
  { instance, envFile }: Place,
  id: string,
  change: (keys: string[], key: string) => string[],
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

/**
 * With interruptOnError, a function that refuses its calls locks everyone out
 * of the instance, administrators too.
 */
async function guard(
  { instance }: Place,
  change: Change,
  idOf: (id: string) => string,
): Promise<void> {
  const id = change.kind === "update-target"
    ? change.id
    : change.kind === "bind"
    ? idOf(change.to.at(-1) ?? "")
    : "";
  const target = (await listTargets(instance)).find((it) => it.id === id);
  if (target === undefined) return;
  const endpoint = change.kind === "update-target"
    ? change.settings.endpoint
    : target.endpoint;
  const { accepted, seen } = await sendCanary(endpoint, target.signingKey);
  if (!accepted) {
    throw new Error(
      `Cannot let logins depend on the function yet: it does not accept a call signed with the target's key (${seen}). Start it with the key from the env file, then run this again; or leave --interrupt-on-error out`,
    );
  }
}
