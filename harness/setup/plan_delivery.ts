/**
 * `setup --probe`: the function is asked at another address than its endpoint, and
 * ZITADEL has to show that it reaches the endpoint.
 *
 * @module
 */
import { sendCanary } from "../function/canary.ts";
import type { Target, TargetSettings } from "../zitadel/target.ts";
import { ownOrganization } from "../zitadel/organization.ts";
import type { Change, Place, Planned } from "../plan/change.ts";
import { findTrouble } from "./check_function.ts";
import { type DeliveryOptions, proveDelivery } from "./prove_delivery.ts";
import { type Found, planStandIn } from "./stand_in.ts";

/** How the reason begins if the function has the key, and ZITADEL did not reach it. */
export const UNDELIVERED = "ZITADEL was not seen to reach";

/** Adds a stand-in to a plan if one is needed, or removes one that is not. */
export async function planDelivery(
  found: Found,
  wanted: TargetSettings,
  planned: readonly Change[],
  probe: string | undefined,
): Promise<Planned> {
  const seen = probe && planned.some(needsDelivery)
    ? await whyUnreached(wanted.endpoint, found.existing?.signingKey)
    : undefined;
  const { before, after } = planStandIn(found, wanted, seen !== undefined);
  return {
    changes: [
      ...planned.filter(({ isGuarded }) => !isGuarded),
      ...before,
      ...planned.filter(({ isGuarded }) => isGuarded),
      ...after,
    ],
    notes: seen ? [seen] : [],
  };
}

/** Whether tokens depend on it that ZITADEL reaches the function. */
export function needsDelivery(
  { isGuarded, isAboutEvents, kind }: Change,
): boolean {
  const isCall = kind === "bind" || kind === "update-target";
  return isCall && isGuarded === true && !isAboutEvents;
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
  { instance, organization }: Place,
  target: Target,
  { standIn, endpoint, probe, signal, pollMs }:
    & Pick<DeliveryOptions, "probe" | "signal" | "pollMs">
    & { readonly standIn: Target | undefined; readonly endpoint: string },
): Promise<string | undefined> {
  const isReached = (await sendCanary(endpoint, target.signingKey)).accepted;
  if (isReached) return undefined;
  const { id, name, signingKey } = standIn ?? target;
  if (standIn) {
    const trouble = await findTrouble({ endpoint, probe, signingKey });
    if (trouble) return `${trouble.seen} ("${name}")`;
  }
  const isDelivered = await proveDelivery(instance, {
    target: id,
    silenced: standIn && target.id,
    organization: organization ?? (await ownOrganization(instance)).id,
    probe,
    signingKey,
    signal,
    pollMs,
  });
  return isDelivered
    ? undefined
    : `${UNDELIVERED} ${endpoint}: none of its events arrived at the function that answers at ${probe}. Check the address as ZITADEL resolves it, its deny list and network policies; if there are several processes, --probe has to lead to one that ZITADEL reaches`;
}
