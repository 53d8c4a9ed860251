/**
 * ZITADEL's API: gRPC-web and Connect by a Connect router, REST through the
 * same methods. A method that the release lacks is missing in its recorded
 * form.
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
  type UniversalHandler,
  universalServerRequestFromFetch,
  universalServerResponseToFetch,
} from "@connectrpc/connect/protocol";
import { bearerToken, findAccessToken } from "./access_tokens.ts";
import { apiError, noPermission, notFound } from "./api_error.ts";
import type { ApiMethod, Call } from "./api_method.ts";
import type { Instance } from "./instance.ts";
import { hasPermission, isMember } from "./permissions.ts";
import { TRAITS } from "./release.ts";
import { createRest } from "./rest.ts";
import type { RouteHandler } from "./route_handler.ts";
import { unknownInstance } from "./unknown_instance.ts";

const RPC_PATH = /^\/(zitadel\.[^/]+)\/([^/]+)$/;
const NOT_FOUND = { code: Code.NotFound, message: "Not Found" };

export function createApi(
  instance: Instance,
  methods: readonly ApiMethod[],
): RouteHandler {
  const served = methods.filter(({ releases }) =>
    !releases || releases.includes(instance.release)
  );
  const router = createConnectRouter();
  for (const method of served) addRpc(router, instance, method);
  const handlers = new Map(
    router.handlers.map((handler) => [handler.requestPath, handler]),
  );
  const rest = createRest(
    instance.release,
    served,
    (path, request) => runHandler(handlers.get(path)!, request),
  );
  return async (request) => {
    const { pathname } = new URL(request.url);
    const [, service, method] = RPC_PATH.exec(pathname) ?? [];
    if (service === undefined || method === undefined) {
      return await rest(request);
    }
    const isGrpcWeb = /^application\/grpc-web/.test(
      request.headers.get("content-type") ?? "",
    );
    const isReachable = isGrpcWeb ||
      TRAITS[instance.release].connect && !service.includes(".v1.");
    if (!isReachable) return Response.json(NOT_FOUND, { status: 404 });
    const handler = handlers.get(pathname);
    if (!handler) return missing(instance, { service, method, isGrpcWeb });
    const unknown = unknownInstance(instance, request.headers);
    if (
      unknown !== undefined && isGrpcWeb && failsInHeaders(instance, service)
    ) {
      return trailersOnly(Code.NotFound, unknown);
    }
    return await runHandler(handler, request);
  };
}

function addRpc(
  router: ConnectRouter,
  instance: Instance,
  method: ApiMethod,
): void {
  router.rpc(
    method.desc,
    async (request: unknown, context: HandlerContext) =>
      await method.run(
        request as never,
        await authorize(instance, method, context.requestHeader),
      ) as Record<string, unknown>,
  );
}

async function runHandler(
  handler: UniversalHandler,
  request: Request,
): Promise<Response> {
  const universal = universalServerRequestFromFetch(request, {});
  return universalServerResponseToFetch(await handler(universal));
}

async function authorize(
  instance: Instance,
  { permission }: ApiMethod,
  headers: Headers,
): Promise<Call> {
  const { world } = instance;
  const unknown = unknownInstance(instance, headers);
  if (unknown !== undefined) throw new ConnectError(unknown, Code.NotFound);
  const header = headers.get("authorization");
  if (header === null) {
    throw new ConnectError("auth header missing", Code.Unauthenticated);
  }
  const token = await findAccessToken(instance, bearerToken(header));
  const caller = token && world.users.get(token.userId);
  if (!token?.audience.includes(world.zitadelProjectId) || !caller) {
    throw apiError(Code.Unauthenticated, "Errors.Token.Invalid", {
      id: "AUTH-7fs1e",
    });
  }
  const organizationId = headers.get("x-zitadel-orgid") ||
    caller.organizationId;
  const organization = world.organizations.get(organizationId);
  if (!organization) {
    throw apiError(Code.PermissionDenied, "Organisation doesn't exist", {
      id: "AUTH-Bs7Ds",
    });
  }
  if (permission !== undefined) {
    if (!isMember(world, caller, organizationId)) {
      throw notFound("membership not found", "AUTHZ-cdgFk");
    }
    if (!hasPermission(world, caller, { permission, organizationId })) {
      throw noPermission("AUTH-5mWD2");
    }
  }
  return { instance, caller, organization };
}

/** v3 answers in gRPC, v4 with a web server's text. */
function missing(
  instance: Instance,
  { service, method, isGrpcWeb }: {
    service: string;
    method: string;
    isGrpcWeb: boolean;
  },
): Response {
  const isGrpcServer = instance.release === "3.4" || service.includes(".v1.");
  if (isGrpcWeb && isGrpcServer) {
    return trailersOnly(
      Code.Unimplemented,
      `unknown method ${method} for service ${service}`,
    );
  }
  return new Response("404 page not found\n", {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

/**
 * Reports whether the release sends an unknown instance in headers, not in a
 * frame.
 */
function failsInHeaders({ release }: Instance, service: string): boolean {
  return release === "current" || !service.includes(".v1.");
}

function trailersOnly(code: Code, message: string): Response {
  return new Response(null, {
    headers: {
      "content-type": "application/grpc-web+proto",
      "grpc-status": String(code),
      "grpc-message": message,
    },
  });
}
