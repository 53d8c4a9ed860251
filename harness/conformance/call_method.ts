import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb";
import { AdminService } from "@zitadel/proto/zitadel/admin_pb";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService as OrganizationV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import type { Instance } from "../zitadel/client.ts";

const METHODS = [
  ActionService,
  AdminService,
  AuthService,
  ManagementService,
  OrganizationV2,
  OrganizationService,
  UserService,
].flatMap(({ methods }) => methods);

type Answer = Readonly<Record<string, unknown>>;

/** Calls a method by its path; management v1 about an organization. */
export async function callMethod(
  instance: Instance,
  { path, input, organization = "" }: {
    readonly path: string;
    readonly input: JsonValue;
    readonly organization?: string;
  },
): Promise<Answer> {
  const [service, method] = path.split("/");
  // On the wire, v2 is v2beta; the package describes v2beta only.
  const desc = METHODS.find(({ name, parent }) =>
    name === method &&
    (parent.typeName === service ||
      parent.typeName === service!.replace(".v2.", ".v2beta."))
  )!;
  const client = instance.service(desc.parent, {
    ...desc.parent === ManagementService && organization && { organization },
    name: service!,
  }) as unknown as Record<string, (request: unknown) => Promise<Answer>>;
  return await client[desc.localName]!(fromJson(desc.input, input));
}
