/**
 * Replaces a target's signing key without a moment in which a call is refused.
 * ZITADEL's own rotation changes the key at once, so a second target with a key
 * of its own takes over: the function learns the new key while the old one is
 * in use, then the bindings are swapped, then the old target goes.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { count } from "../doctor/names.ts";
import {
  type Line,
  type Place,
  type Step,
  toDiffLine,
} from "../plan/change.ts";
import { bind } from "../setup/bind.ts";
import { changeKeys } from "../setup/signing_keys.ts";
import { sleep } from "../util/sleep.ts";
import type { Instance } from "../zitadel/client.ts";
import { listExecutions } from "../zitadel/execution.ts";
import {
  createTarget,
  deleteTarget,
  type Target,
  updateTarget,
} from "../zitadel/target.ts";
import type { RotateOptions } from "./command_line.ts";
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

export interface RotationOptions
  extends Pick<RotateOptions, "name" | "wait" | "probe"> {
  readonly processes?: number | undefined;
  /** Is told what the last canaries saw, and how long the wait has been, in seconds. */
  readonly onWait?: (seen: string, seconds: number) => void;
  /** How long to wait between canaries and after the swap, in milliseconds. */
  readonly pace?: { readonly canaryMs: number; readonly settleMs: number };
}

export interface RotationStep extends Step {
  /** As programs read it. */
  readonly step: string;
}

/** What is left of a rotation, in the order in which it is done. */
export interface Rotation {
  readonly steps: readonly RotationStep[];
  /** Reports what was done, and how to go on. */
  readonly report: (io: Pick<Io, "print" | "error">) => Outcome;
  /** How many processes were seen to accept the new key; `undefined` if not asked. */
  readonly processes?: () => number | undefined;
}

export function step(
  step: string,
  line: Line,
  make: Step["make"],
): RotationStep {
  return { step, lines: [toDiffLine(line)], make };
}

/**
 * Plans what is left of a rotation. It can continue from every state that an
 * interruption leaves.
 *
 * @throws {Error} If there is no such target, or it cannot be copied.
 */
export function planRotation(
  { instance, envFile }: Place,
  situation: RotationSituation,
  options: RotationOptions,
): Rotation {
  const { name } = options;
  const { targets, envKeys } = situation;
  let successor = findUnfinishedRotation(situation, name)?.successor;
  const predecessor = targets.find((target) => target.name === name);
  if (predecessor === undefined && successor === undefined) {
    throw noSuchTarget(targets, name);
  }
  if (successor === undefined) requireCopyable(predecessor!);
  let processes: number | undefined;
  const rename = step(
    "rename",
    `~ rename the second target to "${name}"`,
    () => updateTarget(instance, successor!.id, { ...successor!, name }),
  );
  const stepsFrom = (first: Target) => {
    const { id, signingKey: oldKey, payloadType } = first;
    const isSwapLeft = isBound(situation, first);
    const needsKeys = successor === undefined ||
      !envKeys.includes(successor.signingKey) ||
      isSwapLeft && !envKeys.includes(oldKey);
    const settings = { ...first, name: successorName(name) };
    return [
      successor === undefined && step(
        "create-successor",
        `+ create a second target "${settings.name}" with a key of its own`,
        async () => {
          successor = await createTarget(instance, settings, payloadType);
        },
      ),
      needsKeys && step(
        "add-key",
        `+ write its key into ${envFile} beside the old one`,
        () =>
          changeKeys(envFile, (keys) => [
            ...new Set([...keys, oldKey, successor!.signingKey]),
          ]),
      ),
      step(
        "wait",
        `~ wait until ${
          describeCheck(options)
        } accepts it: restart or deploy the function with ${envFile}`,
        async (signal) => {
          processes = await waitForKey(instance, successor!, options, signal);
        },
      ),
      isSwapLeft && step(
        "swap",
        "~ replace the first target with the second wherever it is bound",
        async (signal) => {
          await swap(instance, id, successor!.id);
          await sleep(options.pace?.settleMs ?? SETTLE_MS, signal);
        },
      ),
      // Before the old target goes: it alone tells which key is the old one.
      (needsKeys || envKeys.includes(oldKey)) && step(
        "drop-key",
        `- remove the old key from ${envFile}`,
        () => changeKeys(envFile, (keys) => keys.filter((it) => it !== oldKey)),
      ),
      step(
        "delete-predecessor",
        "- delete the first target",
        () => deleteTarget(instance, id),
      ),
      rename,
    ].filter((it) => it !== false);
  };
  const steps = predecessor ? stepsFrom(predecessor) : [rename];
  return {
    steps,
    processes: () => processes,
    report({ print }) {
      print(
        `${
          tint("good", "Rotated.")
        } The function accepts the old key until it is restarted or deployed with ${envFile} again; there is no hurry.`,
      );
      if (processes === undefined) return "done";
      const isCounted = options.processes !== undefined ||
        options.probe.length > 1;
      const rest = isCounted
        ? ""
        : ", all that were seen. If the function runs in more, check that they have it";
      print(
        `The new key was checked in ${
          count(processes, "process", "processes")
        }${rest}.`,
      );
      return "done";
    },
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

function describeCheck(
  { processes, probe: { length } }: RotationOptions,
): string {
  const where = length > 1
    ? `the function at each of ${length} addresses`
    : "the function";
  if (processes !== undefined) {
    return `${where} (${count(processes, "process", "processes")})`;
  }
  return length > 1
    ? where
    : `${where} (one process; if there are more, give --processes N)`;
}

/** Returns how many processes accepted the key. */
async function waitForKey(
  instance: Instance,
  { id, endpoint, signingKey }: Target,
  { wait: waitSeconds, processes, probe, onWait, pace }: RotationOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    const accepted = await awaitKey({
      endpoints: probe.length > 0 ? probe : [endpoint],
      retryMs: pace?.canaryMs,
      signingKey,
      processes,
      waitSeconds,
      signal,
      onWait,
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
