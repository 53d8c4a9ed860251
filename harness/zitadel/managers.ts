import { AdminService } from "@zitadel/proto/zitadel/admin_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { Type } from "@zitadel/proto/zitadel/user_pb";
import type { Instance } from "./client.ts";
import { PAGE_SIZE, readPages } from "./pages.ts";
import { attempt } from "./zitadel_error.ts";

/** A user with an administrator's role. */
export interface Manager {
  readonly id: string;
  readonly loginName: string;
  readonly isMachine: boolean;
  readonly roles: readonly string[];
}

/** Lists the managers of an organization, or without one of the instance. */
export function listManagersOf(
  instance: Instance,
  organization: string | undefined,
): Promise<Manager[]> {
  return attempt("list the managers", () =>
    readPages(async (offset) => {
      const query = { offset: BigInt(offset), limit: PAGE_SIZE, asc: true };
      const { result, details } = organization === undefined
        ? await instance.service(AdminService).listIAMMembers({ query })
        : await instance.service(ManagementService, { organization })
          .listOrgMembers({ query });
      const entries = result.map((it) => ({
        id: it.userId,
        loginName: it.preferredLoginName || it.userId,
        isMachine: it.userType === Type.MACHINE,
        roles: it.roles,
      }));
      return { entries, total: Number(details?.totalResult ?? 0) };
    }));
}
