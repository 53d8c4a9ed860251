import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import type { Client } from "@connectrpc/connect";
import type { Instance } from "./client.ts";
import { listAll, type PageAnswer, type PageQuery } from "./pages.ts";
import { attempt } from "./zitadel_error.ts";

type Management = Client<typeof ManagementService>;

/** Calls management v1 about an organization; every release since v3 has it. */
export function manage<T>(
  instance: Instance,
  organization: string,
  action: string,
  call: (management: Management) => Promise<T>,
): Promise<T> {
  const management = instance.service(ManagementService, { organization });
  return attempt(action, () => call(management));
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
  const management = instance.service(ManagementService, { organization });
  return listAll(action, (page) => ask(management, page), entryOf);
}
