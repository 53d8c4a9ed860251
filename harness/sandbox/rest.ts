/**
 * ZITADEL's REST API: the paths of the descriptors, transcoded to calls of the
 * methods, as grpc-gateway does.
 *
 * @module
 */
import { Code } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { type ApiMethod, restForm } from "./api_method.ts";
import type { RouteHandler } from "./route_handler.ts";
import type { Release } from "./release.ts";

const STATUS: Readonly<Record<number, number>> = {
  [Code.InvalidArgument]: 400,
  [Code.FailedPrecondition]: 400,
  [Code.Unauthenticated]: 401,
  [Code.PermissionDenied]: 403,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.Unimplemented]: 501,
  [Code.DeadlineExceeded]: 504,
};

interface Route {
  readonly verb: string;
  readonly pattern: RegExp;
  /** The path's variables, by their JSON names. */
  readonly names: readonly string[];
  readonly hasBody: boolean;
  readonly success: number;
  readonly rpcPath: string;
  readonly lists: ReadonlySet<string>;
  /** The field of a list that v3 calls `result`. */
  readonly v3List: string | undefined;
}

export function createRest(
  release: Release,
  methods: readonly ApiMethod[],
  call: (rpcPath: string, request: Request) => Promise<Response>,
): RouteHandler {
  const routes = methods.map((method) => routeOf(method, release))
    .filter((route) => route !== undefined)
    // A literal segment takes precedence over a variable.
    .sort((a, b) => a.names.length - b.names.length);
  return async (request) => {
    const url = new URL(request.url);
    for (const route of routes) {
      if (route.verb !== request.method) continue;
      const variables = route.pattern.exec(url.pathname)?.slice(1);
      if (variables) {
        return await transcode({ route, variables }, request, call);
      }
    }
    const isApi = /^\/(?:v2|v2beta|management\/v1|auth\/v1|admin\/v1)\//.test(
      url.pathname,
    );
    return isApi ? failure(Code.NotFound, "Not Found") : undefined;
  };
}

function routeOf(method: ApiMethod, release: Release): Route | undefined {
  const form = restForm(method, release);
  if (!form) return undefined;
  const { desc } = method;
  const names: string[] = [];
  const pattern = form.path.replaceAll(/\{([^}=]+)(=[^}]*)?\}/g, (_, name) => {
    names.push(jsonName(name));
    return "([^/]+)";
  });
  const isV3Action = release === "3.4" && form.path.endsWith("/_search") &&
    form.path.includes("/actions/");
  return {
    ...form,
    pattern: new RegExp(`^${pattern}$`),
    names,
    rpcPath: `/${desc.parent.typeName}/${desc.name}`,
    lists: new Set(
      desc.input.fields.filter((field) => field.fieldKind === "list")
        .map((field) => field.jsonName),
    ),
    v3List: isV3Action
      ? desc.output.fields.find((field) => field.fieldKind === "list")?.jsonName
      : undefined,
  };
}

function jsonName(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
}

async function transcode(
  { route, variables }: { route: Route; variables: readonly string[] },
  request: Request,
  call: (rpcPath: string, request: Request) => Promise<Response>,
): Promise<Response> {
  const input: Record<string, unknown> = {};
  const { searchParams } = new URL(request.url);
  for (const name of new Set(searchParams.keys())) {
    const key = jsonName(name);
    const values = searchParams.getAll(name);
    input[key] = route.lists.has(key) ? values : values[0];
  }
  if (route.hasBody) {
    const text = await request.text();
    try {
      Object.assign(input, JSON.parse(text || "{}"));
    } catch (error) {
      return failure(Code.InvalidArgument, (error as Error).message);
    }
  }
  for (const [index, name] of route.names.entries()) {
    input[name] = decodeURIComponent(variables[index]!);
  }
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  headers.delete("content-length");
  const response = await call(
    route.rpcPath,
    new Request(new URL(route.rpcPath, request.url), {
      method: "POST",
      headers,
      body: JSON.stringify(input),
    }),
  );
  const output = await response.json();
  if (!response.ok) return gatewayFailure(output);
  if (route.v3List !== undefined && output[route.v3List] !== undefined) {
    output.result = output[route.v3List];
    delete output[route.v3List];
  }
  return Response.json(output, { status: route.success });
}

interface ConnectFailure {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { type: string; debug?: object }[];
}

function gatewayFailure({ code, message, details }: ConnectFailure): Response {
  return failure(
    codeFromString(code) ?? Code.Unknown,
    message,
    details?.map(({ type, debug }) => ({
      "@type": `type.googleapis.com/${type}`,
      ...debug,
    })),
  );
}

function failure(code: Code, message: string, details?: object[]): Response {
  return Response.json(
    { code, message, ...(details?.length && { details }) },
    {
      status: STATUS[code] ?? 500,
      headers: code === Code.Unauthenticated
        ? { "www-authenticate": message }
        : {},
    },
  );
}
