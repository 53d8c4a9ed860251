import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService as OrganizationV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { connect, type Instance } from "../zitadel/client.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecording } from "./recording.ts";

/** The prefix of the findings' names. */
const RECORDING = "behaviour/refusals";

/** By release, method and caller: the answer. */
interface Recording {
  readonly releases: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>
  >;
}

/**
 * Compares the answers to callers that lack the right, for every method in use.
 */
export async function* refusalChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { releases } = await readRecording<Recording>(RECORDING);
  const recorded = releases[context.subject.release]!;
  for (const [name, call] of Object.entries(METHODS)) {
    yield await compare(
      `${RECORDING}: ${name}`,
      recorded[name],
      () => answersTo(context, call),
    );
  }
}

/** Calls a method; resolves to `false` if the answer has no entries. */
type Call = (
  instance: Instance,
  at: { organization: string; project: string; user: string },
) => Promise<unknown>;

async function answersTo(
  context: CheckContext,
  call: Call,
): Promise<Record<string, string>> {
  const { subject, scenario } = context;
  const { acme, globex } = scenario.organizations;
  const { reader, viewer, owner, stranger } = scenario;
  const callers: Record<string, readonly [token: string, about: string]> = {
    "no role": [stranger.token, acme],
    "ORG_OWNER_VIEWER": [reader.token, acme],
    "ORG_OWNER": [owner.token, acme],
    "ORG_OWNER of another organization": [owner.token, globex],
    "IAM_OWNER_VIEWER": [viewer.token, acme],
    "invalid token": ["not-a-token", acme],
  };
  const answers: Record<string, string> = {};
  for (const [name, [token, organization]] of Object.entries(callers)) {
    answers[name] = await answerOf(() =>
      call(connect(subject.origin, token), {
        organization,
        project: scenario.projects.storefront,
        user: reader.id,
      })
    );
  }
  return answers;
}

async function answerOf(call: () => Promise<unknown>): Promise<string> {
  try {
    return await call() === false ? "empty" : "ok";
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    // Its text depends on the release's web server.
    if (code === Code.Unimplemented) return "Unimplemented";
    return `${Code[code]}: ${rawMessage.replaceAll(/[0-9]{15,20}/g, "<id>")}`;
  }
}

const UNKNOWN_KEY = "no such key";
const VALUE = new TextEncoder().encode("[]");

function metadataMethods(version: "v2" | "v2beta"): Record<string, Call> {
  const name = `zitadel.org.${version}.OrganizationService`;
  const service = (instance: Instance) =>
    instance.service(OrganizationService, { name });
  return {
    [`${version} ListOrganizationMetadata`]: async (
      instance,
      { organization: organizationId },
    ) => {
      const { metadata } = await service(instance).listOrganizationMetadata({
        organizationId,
      });
      return metadata.length > 0;
    },
    [`${version} SetOrganizationMetadata`]: (
      instance,
      { organization: organizationId },
    ) =>
      service(instance).setOrganizationMetadata({
        organizationId,
        metadata: [{ key: "refusals", value: VALUE }],
      }),
    [`${version} DeleteOrganizationMetadata`]: (
      instance,
      { organization: organizationId },
    ) =>
      service(instance).deleteOrganizationMetadata({
        organizationId,
        keys: [UNKNOWN_KEY],
      }),
  };
}

const management = (instance: Instance, organization: string) =>
  instance.service(ManagementService, { organization });

const METHODS: Readonly<Record<string, Call>> = {
  "ListTargets": (instance) => instance.service(ActionService).listTargets({}),
  "CreateTarget": (instance) =>
    instance.service(ActionService).createTarget({
      name: "refused",
      endpoint: "http://localhost:9/",
      timeout: { seconds: 1n },
      targetType: { case: "restCall", value: {} },
    }),
  "ListExecutions": (instance) =>
    instance.service(ActionService).listExecutions({}),
  "SetExecution": (instance) =>
    instance.service(ActionService).setExecution({
      condition: {
        conditionType: { case: "function", value: { name: "preuserinfo" } },
      },
    }),
  "GetMyUser": (instance) => instance.service(AuthService).getMyUser({}),
  "GetMyOrg": (instance, { organization }) =>
    management(instance, organization).getMyOrg({}),
  "ListOrganizations": async (instance, { organization }) => {
    const { result } = await instance.service(OrganizationV2)
      .listOrganizations({
        queries: [{
          query: { case: "idQuery", value: { id: organization } },
        }],
      });
    return result.length > 0;
  },
  ...metadataMethods("v2"),
  ...metadataMethods("v2beta"),
  "ListOrgMetadata": async (instance, { organization }) => {
    const { result } = await management(instance, organization)
      .listOrgMetadata({});
    return result.length > 0;
  },
  "BulkSetOrgMetadata": (instance, { organization }) =>
    management(instance, organization).bulkSetOrgMetadata({
      metadata: [{ key: "refusals", value: VALUE }],
    }),
  "BulkRemoveOrgMetadata": (instance, { organization }) =>
    management(instance, organization).bulkRemoveOrgMetadata({
      keys: [UNKNOWN_KEY],
    }),
  "ListProjects": (instance, { organization }) =>
    management(instance, organization).listProjects({}),
  "ListProjectRoles": (instance, { organization, project: projectId }) =>
    management(instance, organization).listProjectRoles({ projectId }),
  "ListApps": (instance, { organization, project: projectId }) =>
    management(instance, organization).listApps({ projectId }),
  "ListPersonalAccessTokens": (instance, { organization, user: userId }) =>
    management(instance, organization).listPersonalAccessTokens({ userId }),
};
