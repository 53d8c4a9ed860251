/**
 * A ZITADEL that answers what was recorded about users' access, by the same
 * protocol and filters, page by page.
 */
import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import {
  AdminService,
  ListEventsResponseSchema,
} from "@zitadel/proto/zitadel/admin_pb";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import {
  GetProjectByIDResponseSchema,
  ListAppsResponseSchema,
  ListProjectsResponseSchema,
  ListUserGrantResponseSchema,
  ManagementService,
} from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import {
  ListOrganizationMetadataResponseSchema,
  OrganizationService as MetadataService,
} from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { UserState } from "@zitadel/proto/zitadel/user/v2/user_pb";
import {
  ListUsersResponseSchema,
  UserService,
} from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import { FIXTURES_URL } from "../../harness/fixtures/fixture.ts";
import { serve } from "./_serve.ts";

/** What was recorded of an instance: its answers in their JSON form. */
export interface RecordedAccess {
  readonly settings: Readonly<Record<string, string>>;
  readonly application: { readonly clientId: string; readonly project: string };
  readonly metadata: {
    readonly organization: string;
    readonly entries: readonly JsonObject[];
  };
  readonly projects: readonly (JsonObject & { readonly owner: string })[];
  readonly users: readonly JsonObject[];
  readonly grants: readonly JsonObject[];
  readonly events?: readonly JsonObject[];
  /** What real tokens of each user held: for an application alone, and if all roles were requested. */
  readonly tokens: readonly {
    readonly kind: string;
    readonly user: string;
    readonly plain: readonly string[] | null;
    readonly requested: readonly string[] | null;
  }[];
}

export async function readRecordedAccess(
  name: string,
): Promise<RecordedAccess> {
  const file = new URL(`recorded/access/${name}.json`, FIXTURES_URL);
  return JSON.parse(await Deno.readTextFile(file));
}

/** Starts the stub. It filters and pages as ZITADEL was seen to. */
export function startAccessStub(
  recorded: RecordedAccess,
  { rights = ["iam.read"] }: { readonly rights?: readonly string[] } = {},
) {
  const { metadata, projects, users, grants, events = [] } = recorded;
  const owners = projects.map(({ owner }) => owner);
  const granting = grants.map(({ orgId }) => String(orgId));
  const organizations = [
    ...new Set([metadata.organization, ...owners, ...granting]),
  ].map((id) => ({ id, name: `Organization ${id}` }));
  const router = createConnectRouter();
  router.service(AuthService, {
    listMyZitadelPermissions: () => ({ result: [...rights] }),
    getMyUser: () => ({ user: { id: "admin" } }),
  });
  router.service(OrganizationService, {
    listOrganizations: ({ queries }) => {
      const ids = queries.flatMap(({ query }) =>
        query.case === "idQuery" ? [query.value.id] : []
      );
      const result = organizations.filter(({ id }) =>
        ids.length === 0 || ids.includes(id)
      );
      return { details: { totalResult: BigInt(result.length) }, result };
    },
  });
  const ownerOf = (headers: Headers) => headers.get("x-zitadel-orgid");
  const projectsOf = (headers: Headers) =>
    projects.filter(({ owner }) => owner === ownerOf(headers))
      .map(({ owner: _, ...project }) => project);
  router.service(MetadataService, {
    listOrganizationMetadata: ({ organizationId }) => {
      const isIts = organizationId === metadata.organization;
      const found = isIts ? metadata.entries : [];
      return fromJson(ListOrganizationMetadataResponseSchema, {
        pagination: { totalResult: String(found.length) },
        metadata: [...found],
      });
    },
  });
  router.service(UserService, {
    listUsers: ({ queries }) => {
      const [{ query } = { query: undefined }] = queries;
      const any = query?.case === "orQuery" ? query.value.queries : [];
      const result = users.filter((user) =>
        any.some(({ query: { case: name, value } }) =>
          name === "inUserIdsQuery"
            ? value.userIds.includes(String(user.userId))
            : name === "loginNameQuery"
            ? user.preferredLoginName === value.loginName
            : name === "stateQuery" &&
              user.state === `USER_STATE_${UserState[value.state]}`
        )
      );
      return fromJson(ListUsersResponseSchema, page(result));
    },
  });
  router.service(ManagementService, {
    listUserGrants: ({ query, queries }, { requestHeader }) => {
      const owner = ownerOf(requestHeader);
      const all = grants.filter(({ orgId, userId }) =>
        orgId === owner &&
        queries.every(({ query: { case: name, value } }) =>
          name !== "userIdQuery" || value.userId === userId
        )
      );
      const begin = Number(query?.offset ?? 0);
      return fromJson(ListUserGrantResponseSchema, {
        ...page(all),
        result: all.slice(begin, begin + (query?.limit || 100)),
      });
    },
    getGrantedProjectByID: ({ projectId }) => ({
      grantedProject: {
        projectOwnerId: projects.find(({ id }) => id === projectId)!.owner,
      },
    }),
    getProjectByID: ({ id }, { requestHeader }) => {
      const project = projectsOf(requestHeader).find((it) => it.id === id);
      if (project) return fromJson(GetProjectByIDResponseSchema, { project });
      throw new ConnectError("Project not found (MANAG-SFf2a)", Code.NotFound);
    },
    listProjects: (_, { requestHeader }) =>
      fromJson(ListProjectsResponseSchema, page(projectsOf(requestHeader))),
    // Not recorded.
    listProjectRoles: () => ({}),
    listApps: ({ projectId }) => {
      const { clientId, project } = recorded.application;
      const app = { id: "app", name: "app", oidcConfig: { clientId } };
      const result = project === projectId ? [app] : [];
      return fromJson(ListAppsResponseSchema, page(result));
    },
  });
  router.service(AdminService, {
    listEvents: ({ sequence, limit, aggregateId }) =>
      fromJson(ListEventsResponseSchema, {
        events: events.filter((event) =>
          aggregateId === metadata.organization &&
          BigInt(String(event.sequence)) > sequence
        ).slice(0, limit),
      }),
  });
  const handlers = new Map(
    router.handlers.map((it) => [it.requestPath, createFetchHandler(it)]),
  );
  // Deno warns of handlers that watch the request's own signal.
  return serve(({ url, method, headers, body }) => {
    const { pathname: path } = new URL(url);
    // v2 and v2beta have the same bytes on the wire.
    const answer = handlers.get(path) ??
      handlers.get(path.replace(".org.v2.", ".org.v2beta."));
    return answer?.(new Request(url, { method, headers, body })) ??
      new Response("404 page not found", { status: 404 });
  });
}

function page(result: readonly JsonObject[]) {
  const totalResult = String(result.length);
  return { details: { totalResult }, result: [...result] };
}
