import { createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import {
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  AdminService,
  ListEventsResponseSchema,
} from "@zitadel/proto/zitadel/admin_pb";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import {
  GetProjectByIDResponseSchema,
  ListUserGrantsResponseSchema,
  ManagementService,
} from "@zitadel/proto/zitadel/management_pb";
