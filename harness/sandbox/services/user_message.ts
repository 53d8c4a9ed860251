import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  AccessTokenType,
  type UserSchema,
  UserState,
} from "@zitadel/proto/zitadel/user_pb.js";
import type { User } from "../world.ts";
import { detailsOf } from "./details.ts";

/** A user as the v1 APIs describe it. */
export function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  const { human, machine } = user;
  const common = {
    id: user.id,
    details: detailsOf(user, user.organizationId),
    state: UserState.ACTIVE,
    userName: user.userName,
    loginNames: [user.userName],
    preferredLoginName: user.userName,
  };
  if (human) {
    return {
      ...common,
      type: {
        case: "human",
        value: {
          profile: {
            firstName: human.firstName,
            lastName: human.lastName,
            displayName: `${human.firstName} ${human.lastName}`,
          },
          email: { email: human.email, isEmailVerified: true },
        },
      },
    };
  }
  return {
    ...common,
    type: {
      case: "machine",
      value: {
        name: machine?.name ?? user.userName,
        description: machine?.description ?? "",
        hasSecret: machine?.secret !== undefined,
        accessTokenType: machine?.accessToken === "jwt"
          ? AccessTokenType.JWT
          : AccessTokenType.BEARER,
      },
    },
  };
}
