/**
 * Replaces a target's signing key without a moment in which a call is refused.
 * ZITADEL's own rotation changes the key at once, so a second target with a key
 * of its own takes over: the function learns the new key while the old one is
 * in use, then the bindings are swapped, then the old target goes.
 *
 * @module
 */
import { bind } from "../setup/bind.ts";
import type { Place, Step } from "../plan/change.ts";
import { changeKeys, readKeys } from "../setup/signing_keys.ts";
import { sleep } from "../util/sleep.ts";
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
import {
  findUnfinishedRotation,
  isBound,
  type RotationSituation,
  successorName,
} from "../zitadel/unfinished_rotation.ts";

/**
 * How long ZITADEL may go on signing with the old key after the swap, with a
 * wide margin, in milliseconds: tens of milliseconds were seen.
 */
const SETTLE_MS = 2_000;

/** The instance and the env file of a rotation. */
export type RotationPlace = Pick<Place, "instance" | "envFile">;

export interface RotationOptions {
  /** The target's name. */
  readonly name: string;
  /** How long to wait for the function to accept the new key, in seconds. */
  readonly wait: number;
  /** Where each process answers; none: the target's endpoint. */
  readonly endpoint: readonly string[];
  /** How many processes have to accept the new key. */
  readonly processes?: number | undefined;
  /** Is told what the last canaries saw, and how long the wait has been, in seconds. */
  readonly onWait?: (seen: string, seconds: number) => void;
  /** How long to wait between canaries and after the swap, in milliseconds. */
  readonly pace?: { readonly canaryMs: number; readonly settleMs: number };
}

export interface RotationStep extends Step {
  readonly step:
    | "create-successor"
    | "add-key"
    | "wait"
    | "swap"
    | "drop-key"
    | "delete-predecessor"
    | "rename";
  /** The step as a command. */
  readonly text: string;
}

/** What is left of a rotation, in the order in which it is done. */
export interface RotationPlan {
  readonly steps: readonly RotationStep[];
  /** How many processes were seen to accept the new key; `undefined` if not asked. */
  readonly processes: () => number | undefined;
}

/** Reads what a rotation is planned from. */
export async function readRotationSituation(
  { instance, envFile }: RotationPlace,
): Promise<RotationSituation> {
  return {
    targets: await listTargets(instance),
    executions: await listExecutions(instance),
    envKeys: await readKeys(envFile),
  };
}

/**
 * Lists the steps that are left of a rotation. It can continue from every state
 * that an interruption leaves.
 *
 * @throws {Error} If there is no such target, or it cannot be copied.
 */
export function planRotation(
  { instance, envFile }: RotationPlace,
  situation: RotationSituation,
  options: RotationOptions,
): RotationPlan {
  const { name } = options;
  const { targets, envKeys } = situation;
  const unfinished = findUnfinishedRotation(situation, name);
  let successor = unfinished?.successor;
  const predecessor = targets.find((target) => target.name === name);
  if (predecessor === undefined && successor === undefined) {
    throw noSuchTarget(targets, name);
  }
  if (successor === undefined) requireCopyable(predecessor!);
  let processes: number | undefined;
  const rename: RotationStep = {
    step: "rename",
    text: `rename the second target to "${name}"`,
    make: () => updateTarget(instance, successor!.id, { ...successor!, name }),
  };
  if (predecessor === undefined) {
    return { steps: [rename], processes: () => processes };
  }
  const { id, signingKey: oldKey } = predecessor;
  const isSwapLeft = isBound(situation, predecessor);
  const needsKeys = successor === undefined ||
    !envKeys.includes(successor.signingKey) ||
    isSwapLeft && !envKeys.includes(oldKey);
  const steps: (RotationStep & { readonly isDone?: boolean })[] = [
    {
      step: "create-successor",
      isDone: successor !== undefined,
      text: `create a second target "${
        successorName(name)
      }" with a key of its own`,
      make: async () => {
        const settings = { ...predecessor, name: successorName(name) };
        successor = await createTarget(
          instance,
          settings,
          predecessor.payloadType,
        );
      },
    },
    {
      step: "add-key",
      isDone: !needsKeys,
      text: `write its key into ${envFile} beside the old one`,
      make: () =>
        changeKeys(envFile, (keys) => [
          ...new Set([...keys, oldKey, successor!.signingKey]),
        ]),
    },
    {
      step: "wait",
      text: `wait until ${
        describeCheck(options)
      } accepts it: restart or deploy the function with ${envFile}`,
      make: async (signal) => {
        processes = await waitForKey(instance, successor!, options, signal);
      },
    },
    {
      step: "swap",
      isDone: !isSwapLeft,
      text: "replace the first target with the second wherever it is bound",
      async make(signal) {
        await swap(instance, id, successor!.id);
        await sleep(options.pace?.settleMs ?? SETTLE_MS, signal);
      },
    },
    {
      // Before the old target goes: it alone tells which key is the old one.
      step: "drop-key",
      isDone: !needsKeys && !envKeys.includes(oldKey),
      text: `remove the old key from ${envFile}`,
      make: () =>
        changeKeys(envFile, (keys) => keys.filter((key) => key !== oldKey)),
    },
    {
      step: "delete-predecessor",
      text: "delete the first target",
      make: () => deleteTarget(instance, id),
    },
    rename,
  ];
  return {
    steps: steps.filter(({ isDone }) => !isDone),
    processes: () => processes,
  };
}

function requireCopyable({ name, payloadType }: Target): void {
  if (payloadType !== "jwe") return;
  throw new Error(
    `Cannot rotate the key of "${name}": its payloads are encrypted, and a second target needs a public key of its own, which is set in the console. Create a target "${
      successorName(name)
    }" there, with payload type JWE and the function's public key, then run this again`,
  );
}

function noSuchTarget(targets: readonly Target[], name: string): Error {
  const lower = name.toLowerCase();
  const names = targets.map(({ name }) => `"${name}"`).join(", ") || "none";
  const similar = targets.find(({ name }) => name.toLowerCase() === lower);
  return new Error(
    similar
      ? `Cannot rotate the key: there is no target "${name}", but there is "${similar.name}". Run it with --name "${similar.name}"`
      : `Cannot rotate the key: there is no target named "${name}". Set it by --name; targets here: ${names}`,
  );
}

function describeCheck({ endpoint, processes }: RotationOptions): string {
  const where = endpoint.length > 1
    ? `the function at each of ${endpoint.length} addresses`
    : "the function";
  if (processes !== undefined) {
    return `${where} (${processes} ${
      processes === 1 ? "process" : "processes"
    })`;
  }
  return endpoint.length > 1
    ? where
    : `${where} (one process; if there are more, give --processes N)`;
}

/** Returns how many processes accepted the key. */
async function waitForKey(
  instance: Instance,
  { id, endpoint, signingKey }: Target,
  options: RotationOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { wait: waitSeconds, processes, onWait, pace } = options;
  try {
    const accepted = await awaitKey({
      endpoints: options.endpoint.length > 0 ? options.endpoint : [endpoint],
      signingKey,
      processes,
      waitSeconds,
      signal,
      onWait,
      retryMs: pace?.canaryMs,
    });
    return accepted.size;
  } catch (error) {
    if (!(error instanceof KeyNotAccepted)) throw error;
    const bound = (await listExecutions(instance))
      .filter(({ targets }) => targets.includes(id))
      .map(({ condition }) => condition).join(" and ");
    const state = bound
      ? `${bound} already call the new target, so those calls fail until the function has the key`
      : "Nothing is bound to the new target yet, and all works as before";
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
