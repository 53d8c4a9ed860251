/**
 * `setup --probe`: the function is asked at another address than its endpoint, and
 * ZITADEL has to show that it reaches the endpoint.
 *
 * @module
 */
import { sendCanary } from "../function/canary.ts";
import {
  listTargets,
  type Target,
  type TargetSettings,
} from "../zitadel/target.ts";
import { ownOrganization } from "../zitadel/organization.ts";
import type { Change, Place } from "./change.ts";
import { findTrouble } from "./check_function.ts";
import type { SetupOptions } from "./command_line.ts";
import type { State } from "./plan.ts";
import { proveDelivery } from "./prove_delivery.ts";
import {
  createTargetChange,
  deleteTargetChange,
  dropKeyChange,
  type PlannedTarget,
  writeKeyChange,
} from "./target_changes.ts";

/** How the reason begins if the function has the key, and ZITADEL did not reach it. */
export const UNDELIVERED = "ZITADEL was not seen to reach";

/**
 * What the target is called that is sent the events in place of one that cannot
 * be: with payload type JWT or JWE ZITADEL sends it none, and one that is called
 * elsewhere must not move yet.
 */
export function standInName(name: string): string {
  return `${name} (probe)`;
}

/**
 * Adds a stand-in to a plan if one is needed, before the function starts, so that
 * it has both keys; removes one that is left.
 */
export async function planDelivery(
  { probe, name }: SetupOptions,
  { place, state: { targets, envKeys }, existing, wanted, planned }: {
    readonly place: Place;
    readonly state: State;
    readonly existing: Target | undefined;
    readonly wanted: TargetSettings;
    readonly planned: readonly Change[];
  },
): Promise<{ readonly changes: Change[]; readonly notes: string[] }> {
  const { endpoint, timeoutSeconds } = wanted;
  const seen = probe && planned.some(needsDelivery)
    ? await whyUnreached(endpoint, existing?.signingKey)
    : undefined;
  const isNeeded = seen !== undefined && existing !== undefined &&
    (existing.payloadType !== "json" || existing.endpoint !== endpoint);
  const settings = {
    name: standInName(name),
    ...{ endpoint, timeoutSeconds, interruptOnError: false },
  };
  const found = targets.find((it) => it.name === settings.name);
  const isFit = isNeeded && found?.endpoint === endpoint;
  const standIn = isFit ? found : { name: settings.name, id: undefined };
  const removal = (target: PlannedTarget) => [
    dropKeyChange(place, target),
    deleteTargetChange(place, target),
  ];
  const hasKey = isFit && envKeys.includes(found.signingKey);
  const created = [
    ...isFit ? [] : [createTargetChange(place, standIn, settings)],
    ...hasKey ? [] : [writeKeyChange(place, standIn, { replaces: false })],
  ];
  const removed = removal(standIn).map((it) => ({ ...it, isGuarded: true }));
  return {
    changes: [
      ...planned.filter(({ isGuarded }) => !isGuarded),
      ...found && !isFit ? removal(found) : [],
      ...isNeeded ? created : [],
      ...planned.filter(({ isGuarded }) => isGuarded),
      ...isNeeded ? removed : [],
    ],
    notes: seen ? [seen] : [],
  };
}

/** Whether tokens depend on it that ZITADEL reaches the function. */
export function needsDelivery(
  { isGuarded, isAboutEvents, kind }: Change,
): boolean {
  return isGuarded === true && !isAboutEvents &&
    (kind === "bind" || kind === "update-target");
}

/** Says why ZITADEL has to show that it reaches an endpoint; `undefined` if this machine does. */
async function whyUnreached(
  endpoint: string,
  signingKey: string = crypto.randomUUID(),
): Promise<string | undefined> {
  const { verdict, seen } = await sendCanary(endpoint, signingKey);
  // Also the function without the key answers as itself.
  const isReached = verdict === "accepted" || verdict === "refused";
  return isReached
    ? undefined
    : `from here ${endpoint} ${seen}: before a function is bound, ZITADEL shows by an event that it reaches it`;
}

/**
 * Returns why ZITADEL cannot be seen to reach the endpoint; `undefined` if it was, or
 * if this machine reaches the endpoint itself.
 */
export async function findDeliveryTrouble(
  place: Place,
  { target, endpoint, probe, signal, pollMs, onWait }: {
    readonly target: Target;
    readonly endpoint: string;
    readonly probe: string;
    readonly signal: AbortSignal;
    readonly pollMs?: number | undefined;
    readonly onWait: (seen: string) => void;
  },
): Promise<string | undefined> {
  const { instance, organization } = place;
  const isReached = (await sendCanary(endpoint, target.signingKey)).accepted;
  if (isReached) return undefined;
  const standIn = (await listTargets(instance))
    .find(({ name }) => name === standInName(target.name));
  const { id, name, signingKey } = standIn ?? target;
  if (standIn) {
    const trouble = await findTrouble({ endpoint, probe, signingKey });
    if (trouble) return `${trouble.seen} ("${name}")`;
  }
  onWait(`ZITADEL sends events to ${endpoint}`);
  const isDelivered = await proveDelivery(instance, {
    target: id,
    silenced: standIn ? [target.id] : [],
    organization: organization ?? (await ownOrganization(instance)).id,
    ...{ probe, signingKey, signal, pollMs },
  });
  return isDelivered
    ? undefined
    : `${UNDELIVERED} ${endpoint}: none of its events arrived at the function that answers at ${probe}. Check the address as ZITADEL resolves it, its deny list and network policies; if there are several processes, --probe has to lead to one that ZITADEL reaches`;
}
