/**
 * Replaces a target's signing key without a moment in which a call is refused.
 * ZITADEL's own rotation changes the key at once, so a second target with a key
 * of its own takes over: the function learns the new key while the old one is
 * in use, then the bindings are swapped, then the old target goes.
 *
 * @module
 */
import {
  parseEnv,
  readEnvFile,
  SIGNING_KEY_SETTING,
  splitKeys,
  withSetting,
  writeEnvFile,
} from "../cli/env_file.ts";
import { bind } from "../setup/bind.ts";
import { sleep } from "../util/sleep.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { listExecutions } from "../zitadel/execution.ts";
import {
  createTarget,
  deleteTarget,
  listTargets,
  type Target,
  updateTarget,
} from "../zitadel/target.ts";
import { awaitKey, KeyNotAccepted } from "./await_key.ts";
import { planRotation, type RotationStep } from "./plan_rotation.ts";
import {
  type RotationSituation,
  successorName,
} from "./unfinished_rotation.ts";

/**
 * How long ZITADEL may go on signing with the old key after the swap, with a
 * wide margin, in milliseconds: tens of milliseconds were seen.
 */
const SETTLE_MS = 2_000;

/** The instance and the env file of a rotation. */
export interface RotationPlace {
  readonly instance: Instance;
  readonly envFile: string;
}

/** What a rotation checks and reports while it runs. */
export interface RotationOptions {
  /** Is told of each step done. */
  readonly onStep?: (step: RotationStep) => void;
  /** Is told what the last canaries saw, and how long the wait has been, in seconds. */
  readonly onWait?: (seen: string, seconds: number) => void;
  /** How long to wait for the function to accept the new key, in seconds. */
  readonly waitSeconds: number;
  /** Where each process answers; none: the target's endpoint. */
  readonly endpoints?: readonly string[];
  /** How many processes have to accept the new key. */
  readonly processes?: number | undefined;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /**
   * How long to wait between canaries and after the swap, in milliseconds.
   *
   * @default { canaryMs: 2000, settleMs: 2000 }
   */
  readonly pace?: { readonly canaryMs: number; readonly settleMs: number };
}

/** What a rotation did. */
export interface Rotated {
  /** How many processes were seen to accept the new key; `undefined` if not asked. */
  readonly processes: number | undefined;
}

/** Reads what a rotation is planned from. */
export async function readRotationSituation(
  { instance, envFile }: RotationPlace,
): Promise<RotationSituation> {
  return {
    targets: await listTargets(instance),
    executions: await listExecutions(instance),
    envKeys: splitKeys(
      parseEnv(await readEnvFile(envFile))[SIGNING_KEY_SETTING],
    ),
  };
}

/**
 * Rotates a target's key, or continues a rotation that was interrupted.
 *
 * @throws {Error} If a step is refused, or the function does not accept the
 * new key in time; running it again continues from there.
 */
export async function rotate(
  place: RotationPlace,
  name: string,
  options: RotationOptions,
): Promise<Rotated> {
  const { instance, envFile } = place;
  const plan = planRotation(await readRotationSituation(place), name);
  const { predecessor } = plan;
  let { successor } = plan;
  let processes: number | undefined;
  for (const step of plan.steps) {
    options.signal?.throwIfAborted();
    switch (step) {
      case "create-successor":
        successor = await createSuccessor(instance, predecessor!);
        break;
      case "add-key":
        await changeKeys(envFile, (keys) => [
          ...new Set([...keys, predecessor!.signingKey, successor!.signingKey]),
        ]);
        break;
      case "wait":
        processes = await waitForKey(instance, successor!, options);
        break;
      case "swap":
        await swap(instance, predecessor!.id, successor!.id);
        await sleep(options.pace?.settleMs ?? SETTLE_MS, options.signal);
        break;
      case "drop-key":
        await changeKeys(
          envFile,
          (keys) => keys.filter((key) => key !== predecessor!.signingKey),
        );
        break;
      case "delete-predecessor":
        await deletePredecessor(instance, predecessor!.id);
        break;
      case "rename":
        await rename(instance, successor!, name);
        break;
    }
    options.onStep?.(step);
  }
  return { processes };
}

async function createSuccessor(
  instance: Instance,
  predecessor: Target,
): Promise<Target> {
  const { payloadType } = predecessor;
  const settings = { ...predecessor, name: successorName(predecessor.name) };
  const { id, signingKey } = await createTarget(
    instance,
    settings,
    payloadType === "jwt" ? "jwt" : "json",
  );
  await waitUntil(
    async () => (await listTargets(instance)).some((it) => it.id === id),
    { what: "the second target is listed" },
  );
  return { ...settings, id, signingKey };
}

async function changeKeys(
  envFile: string,
  change: (keys: string[]) => string[],
): Promise<void> {
  const text = await readEnvFile(envFile);
  const keys = splitKeys(parseEnv(text)[SIGNING_KEY_SETTING]);
  const value = change(keys).join(",");
  await writeEnvFile(envFile, withSetting(text, SIGNING_KEY_SETTING, value));
}

/** Returns how many processes accepted the key. */
async function waitForKey(
  instance: Instance,
  { id, endpoint, signingKey }: Target,
  options: RotationOptions,
): Promise<number> {
  const { endpoints = [], processes, waitSeconds, signal } = options;
  try {
    const accepted = await awaitKey({
      endpoints: endpoints.length > 0 ? endpoints : [endpoint],
      signingKey,
      processes,
      waitSeconds,
      signal,
      onWait: options.onWait,
      retryMs: options.pace?.canaryMs,
    });
    return accepted.size;
  } catch (error) {
    if (!(error instanceof KeyNotAccepted)) throw error;
    const bound = (await listExecutions(instance))
      .filter(({ targets }) => targets.includes(id))
      .map(({ condition }) => condition);
    const state = bound.length === 0
      ? "Nothing is bound to the new target yet, and all works as before"
      : `${
        bound.join(" and ")
      } already call the new target, so those calls fail until the function has the key`;
    throw new Error(
      `${error.message}. ${state}. Restart or deploy the function with both keys of the env file, then run the same command again: it continues from here`,
    );
  }
}

/** Puts the new target in the old one's place, wherever that is bound. */
async function swap(
  instance: Instance,
  predecessor: string,
  successor: string,
): Promise<void> {
  for (const { condition, targets: from } of await listExecutions(instance)) {
    if (!from.includes(predecessor)) continue;
    const to = from.map((id) => id === predecessor ? successor : id);
    await bind(instance, { condition, from, to: [...new Set(to)] });
  }
}

async function deletePredecessor(
  instance: Instance,
  id: string,
): Promise<void> {
  await deleteTarget(instance, id);
  await waitUntil(
    async () => !(await listTargets(instance)).some((it) => it.id === id),
    { what: "the old target is gone" },
  );
}

async function rename(
  instance: Instance,
  successor: Target,
  name: string,
): Promise<void> {
  await updateTarget(instance, successor.id, { ...successor, name });
  await waitUntil(
    async () =>
      (await listTargets(instance)).some((target) =>
        target.id === successor.id && target.name === name
      ),
    { what: "the new target has the old one's name" },
  );
}
