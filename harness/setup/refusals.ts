/**
 * States of an instance in which a set-up would do damage.
 *
 * @module
 */
import type { UnfinishedRotation } from "../rotate/unfinished_rotation.ts";
import type { Target } from "../zitadel/target.ts";
import type { State } from "./plan.ts";

/** Refuses to change a target whose key is being rotated. */
export function requireFinished(
  rotation: UnfinishedRotation | undefined,
): void {
  if (rotation === undefined) return;
  throw new Error(
    `A rotation of "${rotation.name}" is unfinished: run \`deno task rotate --name '${rotation.name}'\` first. Nothing was changed`,
  );
}

/** Refuses a second target that differs only in letter case. */
export function requireSameName(
  targets: readonly Target[],
  name: string,
): void {
  const lower = name.toLowerCase();
  const similar = targets.find((it) => it.name.toLowerCase() === lower);
  if (similar === undefined) return;
  throw new Error(
    `There is no target "${name}", but there is "${similar.name}": run it with --name "${similar.name}", or choose a name that differs in more than letter case`,
  );
}

const EVENT_PREFIX = "event/";

/** Refuses events for a target that ZITADEL sends none to. */
export function requireJson(
  target: Target | undefined,
  conditions: readonly string[],
  { executions }: Pick<State, "executions">,
): void {
  if (target === undefined || target.payloadType === "json") return;
  const isNew = conditions.some((condition) =>
    condition.startsWith(EVENT_PREFIX) &&
    !executions.some((it) =>
      it.condition === condition && it.targets.includes(target.id)
    )
  );
  if (!isNew) return;
  throw new Error(
    `Cannot bind "${target.name}" to events: its payload type is ${target.payloadType.toUpperCase()}, and ZITADEL delivers events only to targets whose payload type is JSON. Leave events out of --also, or create a second target for them in the console (Actions V2 > Targets, payload type JSON) and add its key to AUTHORIZATION_SIGNING_KEY`,
  );
}
