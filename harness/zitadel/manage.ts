import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import type { Client } from "@connectrpc/connect";
import type { Instance } from "./client.ts";
import { listAll, type PageAnswer, type PageQuery } from "./pages.ts";

type Management = Client<typeof ManagementService>;

/** Returns management v1's client about an organization; every release since v3 has it. */
export function managementOf(
  instance: Instance,
  organization: string,
): Management {
  return instance.service(ManagementService, { organization });
}

/** Creates a function that lists what management v1 lists of an organization. */
export function listerOf<Message, Entry, Of extends unknown[]>(
  action: string,
  ask: (
    management: Management,
    page: PageQuery,
    ...of: Of
  ) => Promise<PageAnswer<Message>>,
  entryOf: (message: Message) => Entry,
) {
  return (instance: Instance, organization: string, ...of: Of) => {
    const management = managementOf(instance, organization);
    return listAll(action, (page) => ask(management, page, ...of), entryOf);
  };
}
