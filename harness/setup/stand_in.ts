import type { Target, TargetSettings } from "../zitadel/target.ts";
import type { Change, Place } from "../plan/change.ts";
import type { State } from "./plan.ts";
import {
  createTargetChange,
  type PlannedTarget,
  removeTargetChanges,
  writeKeyChange,
} from "./target_changes.ts";

/**
 * What the target is called that is sent the events in place of one that cannot
 * be: with payload type JWT or JWE ZITADEL sends it none, and one that is called
 * elsewhere must not move yet.
 */
export function standInName(name: string): string {
  return `${name} (probe)`;
}

/**
 * Finds the stand-in of a target. One that a token depends on is someone else's,
 * whatever it is called: `setup` binds none to a function.
 */
export function findStandIn(
  { targets, executions }: Pick<State, "targets" | "executions">,
  name: string,
): Target | undefined {
  return targets.find((target) =>
    target.name === standInName(name) &&
    !executions.some((it) =>
      it.condition.startsWith("function/") && it.targets.includes(target.id)
    )
  );
}

/** What a stand-in is planned from. */
export interface Found {
  readonly place: Place;
  readonly state: State;
  readonly existing: Target | undefined;
}

/**
 * Plans what the target needs to show that ZITADEL reaches its endpoint, if it
 * cannot do so itself: made before the function starts, so that it has both keys.
 * What is not needed goes, at the end if it is needed until then.
 */
export function planStandIn(
  { place, state, existing }: Found,
  { name: wanted, endpoint, timeoutSeconds }: TargetSettings,
  isUnreached: boolean,
): { readonly before: Change[]; readonly after: Change[] } {
  const found = findStandIn(state, wanted);
  const isNeeded = isUnreached && existing !== undefined &&
    (existing.payloadType !== "json" || existing.endpoint !== endpoint);
  const hasKey = found !== undefined &&
    state.envKeys.includes(found.signingKey);
  const removal = found ? removeTargetChanges(place, found, hasKey) : [];
  if (!isNeeded) {
    return isUnreached
      ? { before: [], after: guarded(removal) }
      : { before: removal, after: [] };
  }
  const isFit = found?.endpoint === endpoint;
  const name = standInName(wanted);
  const target: PlannedTarget = { name, id: isFit ? found.id : undefined };
  const settings = { name, endpoint, timeoutSeconds, interruptOnError: false };
  return {
    before: [
      ...isFit ? [] : [...removal, createTargetChange(place, target, settings)],
      ...isFit && hasKey
        ? []
        : [writeKeyChange(place, target, { replaces: false })],
    ],
    after: guarded(removeTargetChanges(place, target, true)),
  };
}

function guarded(changes: readonly Change[]): Change[] {
  return changes.map((change) => ({ ...change, isGuarded: true }));
}
