import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService as OrganizationV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { connect, type Instance } from "../zitadel/client.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecorded } from "./recording.ts";
import type { Release } from "./subject.ts";

/** The prefix of the findings' names. */
const RECORDING = "behaviour/refusals";

/** By release, method and caller: the answer. */
interface Recording {
  readonly releases: Readonly<
    Record<Release, Readonly<Record<string, Readonly<Record<string, string>>>>>
  >;
}

/**
 * Compares the answers to callers that lack the right, for every method in use.
 */
export async function* refusalChecks(
  { subject, scenario }: CheckContext,
): AsyncGenerator<Finding> {
  const { releases } = await readRecorded<Recording>(RECORDING);
  const acme = scenario.id("organization acme");
  const globex = scenario.id("organization globex");
  const token = (name: string) => scenario.serviceUser(name).token;
  const callers: Record<string, readonly [token: string, about: string]> = {
    "no role": [token("stranger"), acme],
    "ORG_OWNER_VIEWER": [token("reader"), acme],
    "ORG_OWNER": [token("owner"), acme],
    "ORG_OWNER of another organization": [token("owner"), globex],
    "IAM_OWNER_VIEWER": [token("viewer"), acme],
    "invalid token": ["not-a-token", acme],
  };
  const projectId = scenario.id("project storefront");
  const userId = scenario.id("user reader");
  for (const [name, call] of Object.entries(METHODS)) {
    yield await compare(
      `${RECORDING}: ${name}`,
      releases[subject.release][name],
      async () => {
        const answers: Record<string, string> = {};
        for (
          const [caller, [token, organizationId]] of Object.entries(callers)
        ) {
          const instance = connect(subject.origin, token);
          const about = { organizationId, projectId, userId };
          answers[caller] = await answerOf(() => call(instance, about));
        }
        return answers;
      },
    );
  }
}

async function answerOf(call: () => Promise<unknown>): Promise<string> {
  try {
    const answer = await call();
    return Array.isArray(answer) && answer.length === 0 ? "empty" : "ok";
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    // Its text depends on the release's web server.
    if (code === Code.Unimplemented) return "Unimplemented";
    return `${Code[code]}: ${rawMessage.replaceAll(/[0-9]{15,20}/g, "<id>")}`;
  }
}

/** Calls a method; of a list that may be empty, returns the entries. */
type Call = (
  instance: Instance,
  about: { organizationId: string; projectId: string; userId: string },
) => Promise<unknown>;

const ENTRY = { key: "refusals", value: new TextEncoder().encode("[]") };
const keys = ["no such key"];

const management = (instance: Instance, organization: string) =>
  instance.service(ManagementService, { organization });

function metadataMethods(version: "v2" | "v2beta"): Record<string, Call> {
  const name = `zitadel.org.${version}.OrganizationService`;
  const service = (instance: Instance) =>
    instance.service(OrganizationService, { name });
  return {
    [`${version} ListOrganizationMetadata`]: async (at, { organizationId }) =>
      (await service(at).listOrganizationMetadata({ organizationId })).metadata,
    [`${version} SetOrganizationMetadata`]: (at, { organizationId }) =>
      service(at).setOrganizationMetadata({
        organizationId,
        metadata: [ENTRY],
      }),
    [`${version} DeleteOrganizationMetadata`]: (at, { organizationId }) =>
      service(at).deleteOrganizationMetadata({ organizationId, keys }),
  };
}

const METHODS: Readonly<Record<string, Call>> = {
  ListTargets: (at) => at.service(ActionService).listTargets({}),
  CreateTarget: (at) =>
    at.service(ActionService).createTarget({
      name: "refused",
      endpoint: "http://localhost:9/",
      timeout: { seconds: 1n },
      targetType: { case: "restCall", value: {} },
    }),
  ListExecutions: (at) => at.service(ActionService).listExecutions({}),
  SetExecution: (at) =>
    at.service(ActionService).setExecution({
      condition: {
        conditionType: { case: "function", value: { name: "preuserinfo" } },
      },
    }),
  GetMyUser: (at) => at.service(AuthService).getMyUser({}),
  GetMyOrg: (at, { organizationId: id }) => management(at, id).getMyOrg({}),
  ListOrganizations: async (at, { organizationId: id }) =>
    (await at.service(OrganizationV2).listOrganizations({
      queries: [{ query: { case: "idQuery", value: { id } } }],
    })).result,
  ...metadataMethods("v2"),
  ...metadataMethods("v2beta"),
  ListOrgMetadata: async (at, { organizationId: id }) =>
    (await management(at, id).listOrgMetadata({})).result,
  BulkSetOrgMetadata: (at, { organizationId: id }) =>
    management(at, id).bulkSetOrgMetadata({ metadata: [ENTRY] }),
  BulkRemoveOrgMetadata: (at, { organizationId: id }) =>
    management(at, id).bulkRemoveOrgMetadata({ keys }),
  ListProjects: (at, { organizationId: id }) =>
    management(at, id).listProjects({}),
  ListProjectRoles: (at, { organizationId: id, projectId }) =>
    management(at, id).listProjectRoles({ projectId }),
  ListApps: (at, { organizationId: id, projectId }) =>
    management(at, id).listApps({ projectId }),
  ListPersonalAccessTokens: (at, { organizationId: id, userId }) =>
    management(at, id).listPersonalAccessTokens({ userId }),
};
