/**
 * Replaces a target's signing key without a moment in which a call is refused.
 * ZITADEL's own rotation changes the key at once, so a second target with a key
 * of its own takes over: the function learns the new key while the old one is
 * in use, then the bindings are swapped, then the old target goes.
 *
 * @module
 */
import {
  createTarget,
  deleteTarget,
  listTargets,
  type Target,
  updateTarget,
} from "../zitadel/target.ts";
import { listExecutions } from "../zitadel/execution.ts";
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
import { bind, type Place } from "../setup/setup.ts";

/** What the second target is called until it has the first one's name. */
const SUCCESSOR_SUFFIX = " (successor)";

/**
 * How many canaries in a row must be accepted: behind a load balancer one may
 * have met the only process that has the new key.
 */
const CANARIES_IN_A_ROW = 5;

/**
 * How often canaries are sent, in milliseconds: each that is refused is a
 * warning in the function's log.
 */
const CANARY_INTERVAL_MS = 2_000;

/**
 * How long ZITADEL may go on signing with the old key after the swap, with a
 * wide margin, in milliseconds: tens of milliseconds were seen.
 */
const SETTLE_MS = 2_000;

/** What is left of a rotation, by what is there. */
export type RotationStep =
  | "create-successor"
  | "add-key"
  | "wait"
  | "swap"
  | "drop-key"
  | "delete-predecessor"
  | "rename";

/** What a rotation found, and what is left of it. */
export interface RotationPlan {
  /** The target whose key is replaced; `undefined` if it is already deleted. */
  readonly predecessor: Target | undefined;
  /** The target that takes over; `undefined` if it does not exist yet. */
  readonly successor: Target | undefined;
  /** What is to be done, in this order. */
  readonly steps: readonly RotationStep[];
}

/**
 * Lists the steps that are left of a rotation. It can continue from every state
 * that an interruption leaves.
 *
 * @param targets Every target of the instance.
 * @param name The name of the target whose key is to be replaced.
 * @returns The plan.
 * @throws {Error} If there is no such target, or it cannot be copied.
 */
export function planRotation(
  targets: readonly Target[],
  name: string,
): RotationPlan {
  const named = (name: string) => targets.find((it) => it.name === name);
  const predecessor = named(name);
  const successor = named(name + SUCCESSOR_SUFFIX);
  if (predecessor === undefined && successor === undefined) {
    throw new Error(
      `Cannot rotate the key: there is no target named "${name}". Set it by --name; targets here: ${
        targets.map(({ name }) => `"${name}"`).join(", ") || "none"
      }`,
    );
  }
  if (predecessor === undefined) {
    return { predecessor, successor, steps: ["rename"] };
  }
  if (successor === undefined && predecessor.payloadType === "jwe") {
    throw new Error(
      `Cannot rotate the key of "${name}": its payloads are encrypted, and a second target needs a public key of its own, which is given in the console. Create a target "${name}${SUCCESSOR_SUFFIX}" there, with payload type JWE and the function's public key, then run this again`,
    );
  }
  return {
    predecessor,
    successor,
    steps: [
      ...(successor === undefined ? ["create-successor" as const] : []),
      "add-key",
      "wait",
      "swap",
      // Before the old target goes: it alone knows which key is the old one.
      "drop-key",
      "delete-predecessor",
      "rename",
    ],
  };
}

/** What a rotation reports while it runs. */
export interface RotationOptions {
  /** Is told of each step done. */
  readonly onStep?: (step: RotationStep) => void;
  /** Is told what the last canary saw, and how long the wait has been, in seconds. */
  readonly onWait?: (seen: string, seconds: number) => void;
  /** How long to wait for the function to take the new key, in seconds. */
  readonly waitSeconds: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /**
   * How long to wait between canaries and after the swap, in milliseconds.
   *
   * @default { canaryMs: 2000, settleMs: 2000 }
   */
  readonly pace?: { readonly canaryMs: number; readonly settleMs: number };
}

/**
 * Rotates a target's key, or continues one that was interrupted.
 *
 * @param place The instance and the env file.
 * @param name The target's name.
 * @param options What to report, and how long to wait.
 * @throws {Error} If a step is refused, or the function does not take the
 * new key in time; running it again continues from there.
 */
export async function rotate(
  place: Pick<Place, "instance" | "envFile">,
  name: string,
  options: RotationOptions,
): Promise<void> {
  const { instance, envFile } = place;
  const plan = planRotation(await listTargets(instance), name);
  const { predecessor } = plan;
  let { successor } = plan;
  for (const step of plan.steps) {
    switch (step) {
      case "create-successor":
        successor = await createSuccessor(place, predecessor!);
        break;
      case "add-key":
        await changeKeys(envFile, (keys) => [
          ...new Set([...keys, predecessor!.signingKey, successor!.signingKey]),
        ]);
        break;
      case "wait":
        await waitForKey(successor!, options);
        break;
      case "swap":
        await swap(place, predecessor!.id, successor!.id);
        await sleep(options.pace?.settleMs ?? SETTLE_MS, options.signal);
        break;
      case "drop-key":
        await changeKeys(
          envFile,
          (keys) => keys.filter((key) => key !== predecessor!.signingKey),
        );
        break;
      case "delete-predecessor":
        await deleteTarget(instance, predecessor!.id);
        await waitUntil(
          async () =>
            !(await listTargets(instance)).some(({ id }) =>
              id === predecessor!.id
            ),
          { what: "the old target is gone" },
        );
        break;
      case "rename":
        await updateTarget(instance, successor!.id, { ...successor!, name });
        await waitUntil(
          async () =>
            (await listTargets(instance)).some((target) =>
              target.id === successor!.id && target.name === name
            ),
          { what: "the new target has the old one's name" },
        );
        break;
    }
    options.onStep?.(step);
  }
}

async function createSuccessor(
  { instance }: Pick<Place, "instance">,
  predecessor: Target,
): Promise<Target> {
  const { payloadType } = predecessor;
  const settings = {
    ...predecessor,
    name: predecessor.name + SUCCESSOR_SUFFIX,
  };
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

async function waitForKey(
  { endpoint, signingKey }: Target,
  { onWait, waitSeconds, signal, pace }: RotationOptions,
): Promise<void> {
  const started = Date.now();
  let inARow = 0;
  while (true) {
    signal?.throwIfAborted();
    const { accepted, seen } = await sendCanary(endpoint, signingKey);
    inARow = accepted ? inARow + 1 : 0;
    if (inARow === CANARIES_IN_A_ROW) return;
    const seconds = Math.round((Date.now() - started) / 1000);
    onWait?.(seen, seconds);
    if (seconds >= waitSeconds) {
      throw new Error(
        `The function at ${endpoint} has not taken the new key within ${waitSeconds} s (${seen}). Nothing is bound to the new target yet and all works as before. Restart or deploy the function with the keys in the env file, then run the same command again: it continues from here`,
      );
    }
    await sleep(pace?.canaryMs ?? CANARY_INTERVAL_MS, signal);
  }
}

/** Puts the new target in the old one's place, wherever that is bound. */
async function swap(
  { instance }: Pick<Place, "instance">,
  predecessor: string,
  successor: string,
): Promise<void> {
  for (const { condition, targets: from } of await listExecutions(instance)) {
    if (!from.includes(predecessor)) continue;
    const to = from.map((id) => id === predecessor ? successor : id);
    await bind(instance, { condition, from, to: [...new Set(to)] });
  }
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
