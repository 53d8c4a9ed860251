/**
 * The endpoints around tokens, except for authorization requests, codes,
 * refresh tokens and revocation, which are oidc-provider's.
 *
 * @module
 */
import { decodeJwt } from "jose";
import type { RouteHandler } from "./route_handler.ts";
import { discoveryDocument } from "./discovery.ts";
import { ExecutionError } from "./executions.ts";
import { GRANTS } from "./grants.ts";
import type { Instance } from "./instance.ts";
import { loginPage } from "./login_page.ts";
import { OAuthError, oauthErrorResponse, oauthJson } from "./oauth_error.ts";
import type { FinishLogin } from "./services/login.ts";
import { unknownInstancePage } from "./unknown_instance.ts";
import { introspect, userInfo } from "./user_info.ts";
import { appOfClient, userNamed } from "./find.ts";

const PASSED_ON = new Set(["authorization_code", "refresh_token"]);
const LOGIN_PATH = "/ui/v2/login/login";
const OPENID_PATH = /^\/(?:\.well-known|oauth|oidc)\//;

export function createOidcRoutes(
  instance: Instance,
  finishLogin: FinishLogin,
): RouteHandler {
  const routes: Record<string, RouteHandler> = {
    "GET /.well-known/openid-configuration": () =>
      answer(() => discoveryDocument(instance.origin)),
    "GET /oauth/v2/keys": () =>
      answer(() => ({ keys: [instance.webKey.publicJwk] })),
    "POST /oauth/v2/token": async (request) => {
      const form = await formOf(request);
      const type = form.get("grant_type") ?? "";
      // oidc-provider handles codes and refresh tokens.
      if (PASSED_ON.has(type)) return undefined;
      return await answer(() => {
        const grant = GRANTS.get(type);
        if (!grant) {
          throw new OAuthError(
            "unsupported_grant_type",
            `${type} not supported`,
          );
        }
        return grant(instance, { form, authorization: header(request) });
      });
    },
    "GET /oidc/v1/userinfo": (request) =>
      answer(() => userInfo(instance, header(request))),
    "POST /oidc/v1/userinfo": (request) =>
      answer(() => userInfo(instance, header(request))),
    "POST /oauth/v2/introspect": async (request) => {
      const form = await formOf(request);
      return await answer(() =>
        introspect(instance, { form, authorization: header(request) })
      );
    },
    "GET /oidc/v1/end_session": (request) => endSession(instance, request),
    "GET /debug/healthz": () => Promise.resolve(new Response("ok")),
    "GET /debug/ready": () => Promise.resolve(new Response("ok")),
    [`GET ${LOGIN_PATH}`]: async (request) => {
      const { searchParams } = new URL(request.url);
      const id = searchParams.get("authRequest") ?? "";
      const { world } = instance;
      // No password is asked for, so a known hint leaves nothing to choose.
      const hinted = userNamed(
        world,
        world.authRequests.get(id)?.loginHint ?? "",
      );
      if (!hinted?.human) return loginPage(world, id);
      const location = await finishLogin(id, { userId: hinted.id });
      return new Response(null, { status: 303, headers: { location } });
    },
    [`POST ${LOGIN_PATH}`]: async (request) => {
      const form = await formOf(request);
      const id = form.get("authRequest") ?? "";
      const userId = form.get("user") ?? "";
      if (!instance.world.authRequests.has(id)) {
        return loginPage(instance.world, id);
      }
      if (!instance.world.users.has(userId)) {
        return new Response("There is no such user", { status: 400 });
      }
      const location = await finishLogin(id, { userId });
      return new Response(null, { status: 303, headers: { location } });
    },
  };
  return async (request) => {
    const { pathname } = new URL(request.url);
    const unknown = OPENID_PATH.test(pathname)
      ? unknownInstancePage(instance, request.headers)
      : undefined;
    return unknown ?? await routes[`${request.method} ${pathname}`]?.(request);
  };
}

async function answer(work: () => unknown): Promise<Response> {
  try {
    return oauthJson(await work());
  } catch (error) {
    if (error instanceof OAuthError || error instanceof ExecutionError) {
      return oauthErrorResponse(error);
    }
    throw error;
  }
}

function header(request: Request): string | null {
  return request.headers.get("authorization");
}

async function formOf(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams(await request.clone().text());
}

/**
 * The client is named in the request, or in the ID token that it sends back.
 */
function clientOfLogout(parameters: URLSearchParams): string {
  const hint = parameters.get("id_token_hint");
  try {
    return parameters.get("client_id") ?? String(decodeJwt(hint!)["azp"]);
  } catch {
    return "";
  }
}

function endSession(
  { world }: Instance,
  request: Request,
): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const target = searchParams.get("post_logout_redirect_uri");
  const app = appOfClient(world, clientOfLogout(searchParams));
  if (target === null) {
    return Promise.resolve(new Response("You are logged out"));
  }
  if (!app?.postLogoutRedirectUris.includes(target)) {
    return Promise.resolve(oauthErrorResponse({
      status: 400,
      code: "invalid_request",
      message: "post_logout_redirect_uri invalid",
    }));
  }
  const location = new URL(target);
  const state = searchParams.get("state");
  if (state !== null) location.searchParams.set("state", state);
  return Promise.resolve(
    new Response(null, { status: 302, headers: { location: location.href } }),
  );
}
