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
import { type Instance, unknownInstance } from "./instance.ts";
import { publicKeysOf } from "./services/actions.ts";

/** By REST path: a method by its gRPC path. */
const REST: Readonly<Record<string, string>> = {
  "/management/v1/metadata/_search":
    "/zitadel.management.v1.ManagementService/ListOrgMetadata",
  "/management/v1/orgs/me": "/zitadel.management.v1.ManagementService/GetMyOrg",
};

type Json = Record<string, unknown>;

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
  const byPath = new Map<string, ApiMethod>();
  for (const method of methods) {
    const { desc, run } = method;
    router.rpc(
      desc,
      async (request: unknown, { requestHeader }: HandlerContext) =>
        await run(
          request as never,
          await authorize(instance, method, requestHeader),
        ) as Json,
    );
    byPath.set(`/${desc.parent.typeName}/${desc.name}`, method);
  }
  const handlers = new Map(router.handlers.map((it) => [it.requestPath, it]));
  const app = new Hono().notFound(pageNotFound).onError((error) => {
    const { code, rawMessage: message } = ConnectError.from(error);
    return Response.json({ code, message }, { status: STATUS[code] ?? 500 });
  });
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
    // Not the served request itself: connect would listen for its abort.
    const { url, raw: { headers } } = req;
    const body = await req.arrayBuffer();
    const copy = new Request(url, { method: "POST", headers, body });
    const universal = universalServerRequestFromFetch(copy, {});
    return universalServerResponseToFetch(await handler(universal));
  });
  app.post("/v2/actions/targets/:id/publickeys/search", async ({ req }) => {
    const permission = "action.target.read";
    const call = await authorize(instance, { permission }, req.raw.headers);
    return Response.json(publicKeysOf(call.world, req.param("id")));
  });
  app.all("/management/v1/*", async ({ req }) => {
    const method = byPath.get(REST[req.path] ?? "");
    if (method === undefined) return pageNotFound();
    const { desc: { input, output }, run } = method;
    const call = await authorize(instance, method, req.raw.headers);
    const request = fromJson(input, JSON.parse(await req.text() || "{}"));
    const answer = await run(request as never, call);
    return Response.json(toJson(output, create(output, answer as Json)));
  });
  return app;
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
