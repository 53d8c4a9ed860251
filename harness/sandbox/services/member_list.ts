import type { ListQuery } from "@zitadel/proto/zitadel/object_pb.js";
import type { SearchQuery } from "@zitadel/proto/zitadel/member_pb.js";
import { listOf } from "../list.ts";
import type { World } from "../world.ts";

/** Lists the members of an organization; without one, those of the instance. */
export function memberList(
  world: World,
  options: {
    readonly organizationId?: string;
    readonly query: ListQuery | undefined;
    readonly queries: readonly SearchQuery[];
  },
) {
  const { organizationId, query, queries } = options;
  const found = world.members.filter((member) =>
    member.organizationId === organizationId &&
    queries.every(({ query }) =>
      query.case !== "userIdQuery" || query.value.userId === member.userId
    )
  );
  const list = listOf(found, query);
  return {
    details: list.details,
    result: list.items.map(({ userId, roles }) => ({
      userId,
      roles: [...roles],
    })),
  };
}
