/**
 * The calls of ZITADEL's API that the function and the commands make, by
 * gRPC-web, and by REST the two that the inspector makes, and the one whose
 * descriptor is not published.
 *
 * @module
 */
import { create, fromJson, toJson } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import {
  universalServerRequestFromFetch,
  universalServerResponseToFetch,
} from "@connectrpc/connect/protocol";
import { Hono } from "hono";
import type { ApiMethod } from "./api_method.ts";
import { authorize } from "./authorize.ts";
import type { Instance } from "./instance.ts";
import { publicKeysOf } from "./services/actions.ts";
import { unknownInstance } from "./unknown_instance.ts";

/** By REST path: a method by its gRPC path. */
const REST: Readonly<Record<string, string>> = {
  "/management/v1/metadata/_search":
    "/zitadel.management.v1.ManagementService/ListOrgMetadata",
  "/management/v1/orgs/me": "/zitadel.management.v1.ManagementService/GetMyOrg",
};

const STATUS: Readonly<Record<number, number>> = {
  [Code.Unauthenticated]: 401,
  [Code.PermissionDenied]: 403,
  [Code.NotFound]: 404,
};

export function createApi(
  instance: Instance,
  methods: readonly ApiMethod[],
): Hono {
  const router = createConnectRouter({ connect: false, grpc: false });
  for (const method of methods) {
    router.rpc(
      method.desc,
      async (request: unknown, { requestHeader }: HandlerContext) =>
        await method.run(
          request as never,
          await authorize(instance, method, requestHeader),
        ) as Record<string, unknown>,
    );
  }
  const handlers = new Map(router.handlers.map((it) => [it.requestPath, it]));
  const app = new Hono().notFound(pageNotFound);
  app.post("/:service{zitadel\\.[^/]+}/:method", async ({ req }) => {
    const { service, method } = req.param();
    // On the wire, v2 is v2beta; the package describes v2beta only.
    const handler = handlers.get(req.path) ??
      handlers.get(req.path.replace(/\.v2\.(?=Org|Act)/, ".v2beta."));
    if (handler === undefined) {
      return service.includes(".v1.")
        ? refusal(
          Code.Unimplemented,
          `unknown method ${method} for service ${service}`,
        )
        : pageNotFound();
    }
    const unknown = unknownInstance(instance, req.raw.headers);
    if (unknown !== undefined) return refusal(Code.NotFound, unknown);
    const universal = universalServerRequestFromFetch(req.raw, {});
    return universalServerResponseToFetch(await handler(universal));
  });
  for (const [path, name] of Object.entries(REST)) {
    const method = methods.find(({ desc }) =>
      name === `/${desc.parent.typeName}/${desc.name}`
    );
    if (method === undefined) continue;
    app.all(path, async ({ req }) => {
      return await answerJson(() => callByJson(instance, method, req.raw));
    });
  }
  app.post("/v2/actions/targets/:id/publickeys/search", async ({ req }) => {
    return await answerJson(async () => {
      const permission = "action.target.read";
      await authorize(instance, { permission }, req.raw.headers);
      return publicKeysOf(instance.world, req.param("id"));
    });
  });
  return app;
}

async function answerJson(answer: () => Promise<unknown>): Promise<Response> {
  try {
    return Response.json(await answer());
  } catch (error) {
    const { code, rawMessage: message } = ConnectError.from(error);
    return Response.json({ code, message }, { status: STATUS[code] ?? 500 });
  }
}

/** The answer of ZITADEL's web server to a path that it does not know. */
export function pageNotFound(): Response {
  return new Response("404 page not found\n", { status: 404 });
}

/** Creates a refusal as ZITADEL's web server sends it: headers only. */
export function refusal(code: Code, message: string): Response {
  return new Response(null, {
    headers: {
      "content-type": "application/grpc-web+proto",
      "grpc-status": String(code),
      "grpc-message": message,
    },
  });
}

async function callByJson(
  instance: Instance,
  method: ApiMethod,
  request: Request,
): Promise<unknown> {
  const { input, output } = method.desc;
  const call = await authorize(instance, method, request.headers);
  const body = JSON.parse(await request.text() || "{}");
  const answer = await method.run(fromJson(input, body) as never, call);
  return toJson(output, create(output, answer as Record<string, unknown>));
}
