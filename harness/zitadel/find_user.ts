import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SearchQuerySchema } from "@zitadel/proto/zitadel/user/v2/query_pb";
import { UserState } from "@zitadel/proto/zitadel/user/v2/user_pb";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import type { Instance } from "./client.ts";
import { listAll } from "./pages.ts";

export type FoundUser = Awaited<ReturnType<typeof findUser>>;

/**
 * Finds a user of any organization by id or login name.
 *
 * @throws {Error} If there is none, or the token's user may not see it.
 */
export async function findUser(
  instance: Instance,
  idOrLogin: string,
) {
  const [user] = await listUsers(instance, [
    { query: { case: "inUserIdsQuery", value: { userIds: [idOrLogin] } } },
    { query: { case: "loginNameQuery", value: { loginName: idOrLogin } } },
  ]);
  if (user) return user;
  throw new Error(
    `Cannot find the user ${idOrLogin}: no user has this id or login name (an e-mail address need not be one), or the token's user may not see it (console: Users)`,
  );
}

/** Lists the users who exist and cannot log in. */
export function listDisabledUsers(instance: Instance) {
  return listUsers(
    instance,
    [UserState.INACTIVE, UserState.LOCKED].map((state) => ({
      query: { case: "stateQuery", value: { state } },
    })),
  );
}

/** Lists the users that meet any of the conditions. */
function listUsers(
  instance: Instance,
  queries: MessageInitShape<typeof SearchQuerySchema>[],
) {
  const users = instance.service(UserService);
  return listAll(
    "look for users",
    (page) =>
      users.listUsers({
        ...page,
        queries: [{ query: { case: "orQuery", value: { queries } } }],
      }),
    (user) => ({
      id: user.userId,
      loginName: user.preferredLoginName,
      /** The organization that the user belongs to. */
      organization: user.details?.resourceOwner ?? "",
      isMachine: user.type.case === "machine",
      /** `active`, or why the user cannot log in: `inactive`, `locked`, ... */
      state: UserState[user.state].toLowerCase(),
    }),
  );
}
