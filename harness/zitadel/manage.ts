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

/** Lists what management v1 lists of an organization. */
export function listManaged<Message, Entry>(
  instance: Instance,
  organization: string,
  action: string,
  ask: (
    management: Management,
    page: PageQuery,
  ) => Promise<PageAnswer<Message>>,
  entryOf: (message: Message) => Entry,
): Promise<Entry[]> {
  const management = managementOf(instance, organization);
  return listAll(action, (page) => ask(management, page), entryOf);
}
