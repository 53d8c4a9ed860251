/**
 * A ZITADEL as far as the function needs one: organization metadata, by the
 * real service descriptors, in process. What it answers is what ZITADEL was
 * seen to answer.
 *
 * @module
 */
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import {
  universalServerRequestFromFetch,
  universalServerResponseToFetch,
} from "@connectrpc/connect/protocol";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService as OrganizationServiceV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import type { Fixture, FixtureOrganization } from "./fixtures.ts";

/** The origin of the instance that an upstream stands for. */
export const UPSTREAM_ORIGIN = "https://zitadel.example";

/** The one bearer token that it takes. */
export const UPSTREAM_TOKEN = "token-of-the-service-user";

const KEYS_PATH = "/oauth/v2/keys";
const V2_METHOD =
  "/zitadel.org.v2.OrganizationService/ListOrganizationMetadata";
const V2BETA_METHOD =
  "/zitadel.org.v2beta.OrganizationService/ListOrganizationMetadata";

/** What v2 and v2beta give at a time where nothing is asked for. */
const DEFAULT_PAGE_SIZE = 100;
/** What v2 and v2beta give at most; more is refused. */
const MAX_PAGE_SIZE = 1_000;

/** What an upstream knows. */
export type UpstreamWorld = Pick<Fixture, "organizations" | "api" | "jwks">;

/** A ZITADEL in process. */
export interface Upstream {
  /** Sends a request to it. */
  readonly fetch: typeof fetch;
  /** How many requests it was sent. */
  readonly requests: number;
  /** What it could have answered and was never asked for. */
  unused(): string[];
}

/**
 * Makes a ZITADEL that answers from a fixture.
 *
 * @param world What it knows. `api` is the best API for metadata that it has; it has those after it, too, as the releases do.
 * @returns The upstream.
 */
export function createUpstream(world: UpstreamWorld): Upstream {
  const asked = new Set<string>();
  const handlers = new Map(
    routes(world, asked).handlers.map((handler) => [
      handler.requestPath,
      handler,
    ]),
  );
  let requests = 0;

  return {
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { pathname } = new URL(request.url);
      requests++;
      if (pathname === KEYS_PATH && world.jwks) {
        asked.add(KEYS_PATH);
        return Response.json(world.jwks);
      }
      const missing = missingMethod(pathname, world.api);
      if (missing) return missing;
      // v2 has the bytes of v2beta, and the package only the descriptor of that.
      const handler = handlers.get(
        pathname === V2_METHOD ? V2BETA_METHOD : pathname,
      );
      if (!handler) return pageNotFound();
      return universalServerResponseToFetch(
        await handler(universalServerRequestFromFetch(request, {})),
      );
    },
    get requests() {
      return requests;
    },
    unused: () =>
      [...Object.keys(world.organizations), ...world.jwks ? [KEYS_PATH] : []]
        .filter((answer) => !asked.has(answer)),
  };
}

function routes(world: UpstreamWorld, asked: Set<string>): ConnectRouter {
  const router = createConnectRouter();

  router.service(OrganizationService, {
    listOrganizationMetadata({ organizationId, pagination }, context) {
      authenticate(context);
      const limit = pagination?.limit || DEFAULT_PAGE_SIZE;
      if (limit > MAX_PAGE_SIZE) {
        throw new ConnectError(
          "Limit exceeded (QUERY-4M0fs)",
          Code.InvalidArgument,
        );
      }
      const entries = readable(organizationId);
      return {
        pagination: { totalResult: BigInt(entries.length) },
        metadata: page(entries, pagination?.offset, limit),
      };
    },
  });

  router.service(OrganizationServiceV2, {
    listOrganizations({ queries }, context) {
      authenticate(context);
      const ids = queries.flatMap(({ query }) =>
        query.case === "idQuery" ? [query.value.id] : []
      );
      return {
        // The same whether or not the caller may read what was asked for.
        details: { totalResult: BigInt(ids.length) },
        result: ids
          .filter((id) => organization(id)?.readable)
          .map((id) => ({ id, name: `Organization ${id}` })),
      };
    },
  });

  router.service(ManagementService, {
    listOrgMetadata({ query }, context) {
      authenticate(context);
      const id = context.requestHeader.get("x-zitadel-orgid") ?? "";
      const found = organization(id);
      if (!found) {
        throw new ConnectError(
          "Organisation doesn't exist (AUTH-Bs7Ds)",
          Code.PermissionDenied,
        );
      }
      if (!found.readable) {
        throw new ConnectError(
          "membership not found (AUTHZ-cdgFk)",
          Code.NotFound,
        );
      }
      const entries = readable(id);
      return {
        details: { totalResult: BigInt(entries.length) },
        result: page(entries, query?.offset, query?.limit || DEFAULT_PAGE_SIZE)
          .map((entry) => ({ ...entry, details: { resourceOwner: id } })),
      };
    },
  });

  return router;

  function organization(id: string): FixtureOrganization | undefined {
    asked.add(id);
    return world.organizations[id];
  }

  function readable(id: string): { key: string; value: Uint8Array }[] {
    const found = organization(id);
    if (!found?.readable) return [];
    return Object.entries(found.metadata).map(([key, value]) => ({
      key,
      value: Uint8Array.fromBase64(value),
    }));
  }
}

function page<T>(entries: T[], offset: bigint | undefined, limit: number): T[] {
  const start = Number(offset ?? 0n);
  return entries.slice(start, start + limit);
}

function authenticate({ requestHeader }: HandlerContext): void {
  if (requestHeader.get("authorization") !== `Bearer ${UPSTREAM_TOKEN}`) {
    throw new ConnectError(
      "Errors.Token.Invalid (AUTH-7fs1e)",
      Code.Unauthenticated,
    );
  }
}

/** Answers for a method that the release does not have, before it looks at the token. */
function missingMethod(
  pathname: string,
  api: UpstreamWorld["api"],
): Response | undefined {
  if (api === "v2beta" && pathname === V2_METHOD) return pageNotFound();
  if (
    api === "management_v1" &&
    (pathname === V2_METHOD || pathname === V2BETA_METHOD)
  ) {
    const [, service, method] = pathname.split("/");
    return new Response(null, {
      headers: {
        "content-type": "application/grpc-web+proto",
        "grpc-status": String(Code.Unimplemented),
        "grpc-message": `unknown method ${method} for service ${service}`,
      },
    });
  }
  return undefined;
}

function pageNotFound(): Response {
  return new Response("404 page not found\n", {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
