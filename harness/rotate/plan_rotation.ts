import type { Target } from "../zitadel/target.ts";
import {
  findUnfinishedRotation,
  isBound,
  type RotationSituation,
  successorName,
} from "./unfinished_rotation.ts";

/** What is left of a rotation, in the order in which it is done. */
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
  readonly steps: readonly RotationStep[];
}

/**
 * Lists the steps that are left of a rotation. It can continue from every state
 * that an interruption leaves.
 *
 * @throws {Error} If there is no such target, or it cannot be copied.
 */
export function planRotation(
  situation: RotationSituation,
  name: string,
): RotationPlan {
  const { targets, envKeys } = situation;
  const unfinished = findUnfinishedRotation(situation, name);
  const predecessor = targets.find((target) => target.name === name);
  if (predecessor === undefined) {
    if (unfinished === undefined) throw noSuchTarget(targets, name);
    const { successor } = unfinished;
    return { predecessor, successor, steps: ["rename"] };
  }
  const { successor } = unfinished ?? {};
  if (successor === undefined) {
    requireCopyable(predecessor);
    return {
      predecessor,
      successor,
      steps: [
        "create-successor",
        "add-key",
        "wait",
        ...swapIfBound(situation, predecessor),
        "drop-key",
        "delete-predecessor",
        "rename",
      ],
    };
  }
  const swap = swapIfBound(situation, predecessor);
  const needsKeys = [successor, ...swap.length > 0 ? [predecessor] : []]
    .some(({ signingKey }) => !envKeys.includes(signingKey));
  return {
    predecessor,
    successor,
    steps: [
      ...(needsKeys ? ["add-key" as const] : []),
      "wait",
      ...swap,
      // Before the old target goes: it alone tells which key is the old one.
      ...(needsKeys || envKeys.includes(predecessor.signingKey)
        ? ["drop-key" as const]
        : []),
      "delete-predecessor",
      "rename",
    ],
  };
}

function swapIfBound(
  situation: RotationSituation,
  predecessor: Target,
): RotationStep[] {
  return isBound(situation, predecessor) ? ["swap"] : [];
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
