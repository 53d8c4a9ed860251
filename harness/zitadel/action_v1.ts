import { ActionState } from "@zitadel/proto/zitadel/action_pb";
import { type Instance, to } from "./client.ts";
import { managementOf } from "./manage.ts";

/** The flows _Complement Token_ and _Complement SAML Response_, by ZITADEL's numbers. */
const COMPLEMENTING_FLOWS = ["2", "4"];

/** A script that an organization stores at ZITADEL (Actions v1). */
export interface ActionV1 {
  readonly name: string;
  readonly script: string;
}

/** Lists the active actions that can add to what an organization's users are issued. */
export async function listComplementingActions(
  instance: Instance,
  organization: string,
): Promise<ActionV1[]> {
  const management = managementOf(instance, organization);
  const listing = to("list the organization's actions");
  const flows = await Promise.all(
    COMPLEMENTING_FLOWS.map((type) => management.getFlow({ type }, listing)),
  );
  const actions = flows.flatMap(({ flow }) => flow?.triggerActions ?? [])
    .flatMap(({ actions }) => actions)
    .filter(({ state }) => state === ActionState.ACTIVE);
  // One action may be bound to several triggers.
  const byId = new Map(actions.map((action) => [action.id, action]));
  return [...byId.values()].map(({ name, script }) => ({ name, script }));
}
