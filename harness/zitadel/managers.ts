import {
  AdminService,
  type ListIAMMembersResponse,
} from "@zitadel/proto/zitadel/admin_pb";
import {
  type ListOrgMembersResponse,
  ManagementService,
} from "@zitadel/proto/zitadel/management_pb";
import { Type } from "@zitadel/proto/zitadel/user_pb";
import type { Instance } from "./client.ts";
import { listAll } from "./pages.ts";

/** A user with an administrator's role. */
export interface Manager {
  readonly id: string;
  readonly loginName: string;
  readonly isMachine: boolean;
  readonly roles: readonly string[];
}

type MemberList = Pick<
  ListIAMMembersResponse | ListOrgMembersResponse,
  "result" | "details"
>;

/** Lists the managers of an organization, or without one of the instance. */
export function listManagersOf(
  instance: Instance,
  organization: string | undefined,
): Promise<Manager[]> {
  return listAll(
    "list the managers",
    async (page): Promise<MemberList> =>
      organization === undefined
        ? await instance.service(AdminService).listIAMMembers(page)
        : await instance.service(ManagementService, { organization })
          .listOrgMembers(page),
    (it) => ({
      id: it.userId,
      loginName: it.preferredLoginName || it.userId,
      isMachine: it.userType === Type.MACHINE,
      roles: it.roles,
    }),
  );
}
