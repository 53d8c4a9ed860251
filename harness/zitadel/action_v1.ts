import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import type { Instance } from "./client.ts";
import { attempt } from "./zitadel_error.ts";

/** The flow _Complement Token_, whose actions run before claims are issued. */
const COMPLEMENT_TOKEN = "2";

/** A script that an organization stores at ZITADEL (Actions v1). */
export interface ActionV1 {
  readonly name: string;
  readonly script: string;
}

/** Lists the actions that can add claims to the tokens of an organization's users. */
export async function listTokenActions(
  instance: Instance,
  organization: string,
): Promise<ActionV1[]> {
  const { flow } = await attempt(
    "list the actions of the flow Complement Token",
    () =>
      instance.service(ManagementService, { organization })
        .getFlow({ type: COMPLEMENT_TOKEN }),
  );
  const actions = flow?.triggerActions.flatMap(({ actions }) => actions) ?? [];
  // One action may be bound to several triggers.
  const byId = new Map(actions.map((action) => [action.id, action]));
  return [...byId.values()].map(({ name, script }) => ({ name, script }));
}
