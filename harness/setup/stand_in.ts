import type { Instance } from "../zitadel/client.ts";
import { listExecutions } from "../zitadel/execution.ts";
import {
  deleteTarget,
  listTargets,
  type Target,
  type TargetSettings,
} from "../zitadel/target.ts";
import { type Change, change, ofOwner, type Place } from "../plan/change.ts";
import type { State } from "./plan.ts";
import { changeKeys } from "./signing_keys.ts";
import {
  createTargetChange,
  type PlannedTarget,
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

/** Finds it as it is now. */
export async function readStandIn(
  instance: Instance,
  name: string,
): Promise<Target | undefined> {
  const targets = await listTargets(instance);
  const executions = await listExecutions(instance);
  return findStandIn({ targets, executions }, name);
}

/**
 * Creates what the target needs to show that ZITADEL reaches its endpoint, if it
 * cannot do so itself: made before the function starts, so that it has both keys.
 */
export function standInChanges(
  place: Place,
  state: State,
  { existing, wanted }: {
    readonly existing: Target | undefined;
    readonly wanted: TargetSettings;
  },
): Change[] {
  const name = standInName(wanted.name);
  const { endpoint, timeoutSeconds } = wanted;
  const isNeeded = existing !== undefined &&
    (existing.payloadType !== "json" || existing.endpoint !== endpoint);
  if (!isNeeded) return [];
  const found = findStandIn(state, wanted.name);
  const isFit = found?.endpoint === endpoint;
  const target: PlannedTarget = { name, id: isFit ? found.id : undefined };
  const settings = { name, endpoint, timeoutSeconds, interruptOnError: false };
  const hasKey = isFit && state.envKeys.includes(found.signingKey);
  return [
    ...found && !isFit ? [removeStandInChange(place, wanted)] : [],
    ...isFit ? [] : [createTargetChange(place, target, settings)],
    ...hasKey ? [] : [writeKeyChange(place, target, { replaces: false })],
  ];
}

/** Removes the stand-in of a target, and its key. */
export function removeStandInChange(
  { instance, envFile }: Place,
  { name }: Pick<TargetSettings, "name">,
): Change {
  const standIn = standInName(name);
  return change(
    "delete-target",
    `- target "${standIn}" and its key in ${envFile}`,
    async () => {
      const target = await readStandIn(instance, name);
      if (target === undefined) return;
      const { id, signingKey } = target;
      await changeKeys(
        envFile,
        (keys) => keys.filter((it) => it !== signingKey),
      );
      await deleteTarget(instance, id);
    },
    { needs: ofOwner("action.target.write", "delete the target") },
  );
}
