import { AdminService } from "@zitadel/proto/zitadel/admin_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import type { Member } from "@zitadel/proto/zitadel/member_pb";
import { Type } from "@zitadel/proto/zitadel/user_pb";
import type { Instance } from "./client.ts";
import { listAll, type PageAnswer } from "./pages.ts";

/** A user with an administrator's role. */
export interface Manager {
  readonly id: string;
  readonly loginName: string;
  readonly isMachine: boolean;
  readonly roles: readonly string[];
}

/** Lists the managers of an organization, or without one of the instance; all, or one user. */
export function listManagersOf(
  instance: Instance,
  organization: string | undefined,
  { user: userId }: { readonly user?: string } = {},
): Promise<Manager[]> {
  const queries = userId === undefined
    ? []
    : [{ query: { case: "userIdQuery" as const, value: { userId } } }];
  return listAll(
    "list the managers",
    async (page): Promise<PageAnswer<Member>> =>
      organization === undefined
        ? await instance.service(AdminService).listIAMMembers({
          ...page,
          queries,
        })
        : await instance.service(ManagementService, { organization })
          .listOrgMembers({ ...page, queries }),
    (it) => ({
      id: it.userId,
      loginName: it.preferredLoginName || it.userId,
      isMachine: it.userType === Type.MACHINE,
      roles: it.roles,
    }),
  );
}
