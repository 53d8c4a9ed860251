import type { Execution } from "./execution.ts";
import type { Target } from "./target.ts";

/** What the second target is called until it has the first one's name. */
const SUCCESSOR_SUFFIX = " (successor)";

export function successorName(name: string): string {
  return name + SUCCESSOR_SUFFIX;
}

/** What a rotation can be recognized by. */
export interface RotationSituation {
  /** Every target of the instance. */
  readonly targets: readonly Target[];
  /** Everything that is bound on the instance. */
  readonly executions: readonly Execution[];
  /** The signing keys in the env file. */
  readonly envKeys: readonly string[];
}

/** A rotation that was begun and not finished. */
export type UnfinishedRotation = NonNullable<
  ReturnType<typeof findUnfinishedRotation>
>;
/**
 * How far a rotation came:
 *
 * - `created`: the second target exists; the env file lacks its key
 * - `key_added`: the env file has both keys; only the first target is called
 * - `swapping`: the second target has replaced the first in some bindings
 * - `swapped`: only the second target is called; both keys are in the env file
 * - `key_dropped`: as before, but the env file has only the new key
 * - `deleted`: the first target is gone; the second one has not its name yet
 */
export type RotationState = UnfinishedRotation["state"];

/**
 * Recognizes a rotation that was interrupted, in each of its states.
 *
 * @param situation The targets, the bindings and the env file's keys.
 * @param name The name of the rotated target; by default any.
 */
export function findUnfinishedRotation(
  situation: RotationSituation,
  name?: string,
) {
  const { targets } = situation;
  const successor = targets.find((target) =>
    target.name.endsWith(SUCCESSOR_SUFFIX) &&
    (name === undefined || target.name === successorName(name))
  );
  if (successor === undefined) return undefined;
  const rotated = successor.name.slice(0, -SUCCESSOR_SUFFIX.length);
  const predecessor = targets.find((target) => target.name === rotated);
  const state = stateOf(situation, { predecessor, successor });
  return {
    /** Of the target whose key is replaced, for `rotate --name`. */
    name: rotated,
    state,
    /** The first target; `undefined` if it is already deleted. */
    predecessor,
    /** The target that takes over. */
    successor,
  };
}

export function isBound(
  { executions }: Pick<RotationSituation, "executions">,
  { id }: Pick<Target, "id">,
): boolean {
  return executions.some(({ targets }) => targets.includes(id));
}

function stateOf(
  situation: RotationSituation,
  { predecessor, successor }: {
    readonly predecessor: Target | undefined;
    readonly successor: Target;
  },
) {
  if (predecessor === undefined) return "deleted";
  const { envKeys } = situation;
  if (isBound(situation, successor)) {
    if (isBound(situation, predecessor)) return "swapping";
    return envKeys.includes(predecessor.signingKey) ? "swapped" : "key_dropped";
  }
  return envKeys.includes(successor.signingKey) ? "key_added" : "created";
}
