import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SearchQuerySchema } from "@zitadel/proto/zitadel/user/v2/query_pb";
import { type User, UserState } from "@zitadel/proto/zitadel/user/v2/user_pb";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import type { Instance } from "./client.ts";
import { PAGE_SIZE, readPages } from "./pages.ts";
import { attempt } from "./zitadel_error.ts";

/** Whether a user can log in, and if not, why. */
export type UserActivity = "active" | "inactive" | "locked" | "initial";

export interface FoundPerson {
  readonly id: string;
  readonly loginName: string;
  /** The organization that the user belongs to. */
  readonly organization: string;
  readonly isMachine: boolean;
  readonly state: UserActivity;
}

const STATES: Readonly<Partial<Record<UserState, UserActivity>>> = {
  [UserState.INACTIVE]: "inactive",
  [UserState.LOCKED]: "locked",
  [UserState.INITIAL]: "initial",
};

/**
 * Finds a user of any organization by id or login name.
 *
 * @throws {Error} If there is none, or the token's user may not see it.
 */
export async function findUser(
  instance: Instance,
  idOrLogin: string,
): Promise<FoundPerson> {
  const [user] = await listUsers(instance, [
    { query: { case: "inUserIdsQuery", value: { userIds: [idOrLogin] } } },
    { query: { case: "loginNameQuery", value: { loginName: idOrLogin } } },
  ]);
  if (user) return user;
  throw new Error(
    `Cannot find the user ${idOrLogin}: no user has this id or login name, or the token's user may not see it (console: Users)`,
  );
}

/** Lists the users who cannot log in although they exist, by id. */
export async function listDisabledUsers(
  instance: Instance,
): Promise<ReadonlyMap<string, UserActivity>> {
  const states = [UserState.INACTIVE, UserState.LOCKED];
  const users = await listUsers(
    instance,
    states.map((state) => ({
      query: { case: "stateQuery", value: { state } },
    })),
  );
  return new Map(users.map(({ id, state }) => [id, state]));
}

/** Lists the users that meet any of the conditions. */
function listUsers(
  instance: Instance,
  queries: MessageInitShape<typeof SearchQuerySchema>[],
): Promise<FoundPerson[]> {
  const users = instance.service(UserService);
  return attempt("look for users", () =>
    readPages(async (offset) => {
      const { result, details } = await users.listUsers({
        query: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true },
        queries: [{ query: { case: "orQuery", value: { queries } } }],
      });
      return {
        entries: result.map(fromWire),
        total: Number(details?.totalResult ?? 0),
      };
    }));
}

function fromWire(
  { userId, preferredLoginName, details, type, state }: User,
): FoundPerson {
  return {
    id: userId,
    loginName: preferredLoginName,
    organization: details?.resourceOwner ?? "",
    isMachine: type.case === "machine",
    state: STATES[state] ?? "active",
  };
}
