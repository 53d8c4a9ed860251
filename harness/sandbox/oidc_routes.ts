/**
 * The endpoints around tokens, except for authorization requests, codes,
 * refresh tokens and revocation, which are oidc-provider's.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { decodeJwt } from "jose";
import { discoveryDocument } from "./discovery.ts";
import { GRANTS } from "./grants.ts";
import type { Instance } from "./instance.ts";
import { loginPage } from "./login_page.ts";
import { OAuthError, oauthErrorResponse, oauthJson } from "./oauth_error.ts";
import type { FinishLogin } from "./services/login.ts";
import { unknownInstance } from "./unknown_instance.ts";
import { introspect, userInfo } from "./user_info.ts";
import { appOfClient, userNamed } from "./world.ts";

const PASSED_ON = ["authorization_code", "refresh_token"];
const LOGIN_PATH = "/ui/v2/login/login";

export function createOidcRoutes(
  instance: Instance,
  finishLogin: FinishLogin,
): Hono {
  const { world, origin, webKey } = instance;
  const app = new Hono();
  for (const path of ["/.well-known/*", "/oauth/*", "/oidc/*"]) {
    app.use(path, async ({ req }, next) => {
      const unknown = unknownInstance(instance, req.raw.headers);
      if (unknown === undefined) return await next();
      return new Response(`${unknown}\n`, { status: 404 });
    });
  }
  app.get("/debug/:check{healthz|ready}", (c) => c.text("ok"));
  app.get(
    "/.well-known/openid-configuration",
    () => oauthJson(discoveryDocument(origin)),
  );
  app.get("/oauth/v2/keys", () => oauthJson({ keys: [webKey.publicJwk] }));
  app.post("/oauth/v2/token", async (c) => {
    const request = await formOf(c);
    const type = request.form.get("grant_type") ?? "";
    if (PASSED_ON.includes(type)) return c.notFound();
    const grant = GRANTS.get(type);
    if (grant) return await answer(() => grant(instance, request));
    return oauthErrorResponse(
      new OAuthError("unsupported_grant_type", `${type} not supported`),
    );
  });
  app.on(
    ["GET", "POST"],
    "/oidc/v1/userinfo",
    (c) => answer(() => userInfo(instance, authorizationOf(c))),
  );
  app.post("/oauth/v2/introspect", async (c) => {
    const request = await formOf(c);
    return await answer(() => introspect(instance, request));
  });
  app.get("/oidc/v1/end_session", (c) => {
    const parameters = new URL(c.req.url).searchParams;
    const target = parameters.get("post_logout_redirect_uri");
    if (target === null) return c.text("You are logged out");
    const client = appOfClient(world, clientOfLogout(parameters));
    if (!client?.postLogoutRedirectUris.includes(target)) {
      return oauthErrorResponse(
        new OAuthError("invalid_request", "post_logout_redirect_uri invalid"),
      );
    }
    const location = new URL(target);
    const state = parameters.get("state");
    if (state !== null) location.searchParams.set("state", state);
    return c.redirect(location.href);
  });
  app.get(LOGIN_PATH, async (c) => {
    const id = c.req.query("authRequest") ?? "";
    // No password is asked for, so a known hint leaves nothing to choose.
    const hint = world.authRequests.get(id)?.loginHint;
    const hinted = userNamed(world, hint ?? "");
    if (!hinted?.human) return loginPage(world, id);
    return c.redirect(await finishLogin(id, { userId: hinted.id }), 303);
  });
  app.post(LOGIN_PATH, async (c) => {
    const { form } = await formOf(c);
    const id = form.get("authRequest") ?? "";
    const userId = form.get("user") ?? "";
    if (!world.authRequests.has(id)) return loginPage(world, id);
    if (!world.users.has(userId)) return c.text("There is no such user", 400);
    return c.redirect(await finishLogin(id, { userId }), 303);
  });
  return app;
}

async function answer(work: () => Promise<unknown>): Promise<Response> {
  try {
    return oauthJson(await work());
  } catch (error) {
    if (error instanceof OAuthError) return oauthErrorResponse(error);
    throw error;
  }
}

function authorizationOf({ req }: Context): string | null {
  return req.header("authorization") ?? null;
}

async function formOf(c: Context) {
  const form = new URLSearchParams(await c.req.text());
  return { form, authorization: authorizationOf(c) };
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
