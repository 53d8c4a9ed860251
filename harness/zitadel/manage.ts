import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import type { Client } from "@connectrpc/connect";
import type { Instance } from "./client.ts";
import { attempt } from "./zitadel_error.ts";

/** Calls management v1 about an organization; every release since v3 has it. */
export function manage<T>(
  instance: Instance,
  organization: string,
  action: string,
  call: (management: Client<typeof ManagementService>) => Promise<T>,
): Promise<T> {
  const management = instance.service(ManagementService, { organization });
  return attempt(action, () => call(management));
}
