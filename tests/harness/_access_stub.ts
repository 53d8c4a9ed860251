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
import { OrganizationService as MetadataService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { UserState } from "@zitadel/proto/zitadel/user/v2/user_pb";
import {
  ListUsersResponseSchema,
  UserService,
} from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import { FIXTURES_URL } from "../../harness/fixtures/fixture.ts";

interface Project extends JsonObject {
  id: string;
  owner: string;
}

/** What was recorded of an instance: its answers in their JSON form. */
export interface RecordedAccess {
  readonly settings: Readonly<Record<string, string>>;
  readonly application: { readonly clientId: string; readonly project: string };
  readonly metadata: {
    readonly organization: string;
    readonly entries: readonly {
      readonly key: string;
      readonly value: string;
    }[];
  };
  readonly projects: readonly Project[];
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
  const withoutOwner = ({ owner: _, ...project }: Project) => project;
  router.service(MetadataService, {
    listOrganizationMetadata: ({ organizationId }) => {
      const found = organizationId === metadata.organization
        ? metadata.entries
        : [];
      const listed = found.map(({ key, value }) => ({
        key,
        value: Uint8Array.fromBase64(value),
      }));
      const totalResult = BigInt(listed.length);
      return { pagination: { totalResult }, metadata: listed };
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
      const user = queries.find(({ query }) => query.case === "userIdQuery");
      const all = grants.filter((grant) =>
        grant.orgId === ownerOf(requestHeader) &&
        (!user ||
          grant.userId === (user.query.value as { userId: string }).userId)
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
      const owner = ownerOf(requestHeader);
      const found = projects.find((it) => it.id === id && it.owner === owner);
      const project = withoutOwner(found ?? notFound());
      return fromJson(GetProjectByIDResponseSchema, { project });
    },
    listProjects: (_, { requestHeader }) => {
      const owner = ownerOf(requestHeader);
      const result = projects.filter((it) => it.owner === owner);
      return fromJson(
        ListProjectsResponseSchema,
        page(result.map(withoutOwner)),
      );
    },
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
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      // v2 and v2beta have the same bytes on the wire.
      const path = new URL(request.url).pathname
        .replace(
          "org.v2.OrganizationService/ListOrganizationMetadata",
          "org.v2beta.OrganizationService/ListOrganizationMetadata",
        );
      return handlers.get(path)?.(withoutSignal(request)) ??
        new Response("404 page not found", { status: 404 });
    },
  );
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function page(result: readonly JsonObject[]) {
  const totalResult = String(result.length);
  return { details: { totalResult }, result: [...result] };
}

/** Deno warns of handlers that watch the request's own signal. */
function withoutSignal({ url, method, headers, body }: Request): Request {
  return new Request(url, { method, headers, body });
}

function notFound(): never {
  throw new ConnectError("Project not found (MANAG-SFf2a)", Code.NotFound);
}
