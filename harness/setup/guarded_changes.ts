import type { Change, State } from "./plan.ts";

/** Changes by whether they need a function that accepts the target's key. */
export interface GuardedChanges {
  /** What cannot break a login. */
  readonly safe: readonly Change[];
  /**
   * What makes tokens depend on the function: a binding, and a bound target that
   * moves or whose failures fail the login.
   */
  readonly guarded: readonly Change[];
}

/** Separates the changes that must not be made before the function was asked. */
export function separateGuarded(
  changes: readonly Change[],
  { executions }: Pick<State, "executions">,
): GuardedChanges {
  const isCalled = (id: string) =>
    executions.some(({ targets }) => targets.includes(id)) ||
    changes.some((change) => change.kind === "bind" && change.to.includes(id));
  const isGuarded = (change: Change) =>
    change.kind === "bind" ||
    change.kind === "update-target" && isCalled(change.id) &&
      (change.settings.endpoint !== change.from.endpoint ||
        change.settings.interruptOnError && !change.from.interruptOnError);
  return {
    safe: changes.filter((change) => !isGuarded(change)),
    guarded: changes.filter(isGuarded),
  };
}
