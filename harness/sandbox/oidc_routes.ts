/**
 * The endpoints around tokens, except for those that are oidc-provider's:
 * discovery, keys, authorization requests, codes, refresh tokens and logout.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { GRANTS } from "./grants.ts";
import { type Instance, unknownInstance } from "./instance.ts";
import { loginPage } from "./login_page.ts";
import { OAuthError } from "./oauth_error.ts";
import type { FinishLogin } from "./services/login.ts";
import { introspect, userInfo } from "./user_info.ts";
import { userNamed } from "./world.ts";

const OF_PROVIDER = ["authorization_code", "refresh_token"];
const LOGIN_PATH = "/ui/v2/login/login";

export function createOidcRoutes(
  instance: Instance,
  finishLogin: FinishLogin,
): Hono {
  const { world } = instance;
  const app = new Hono();
  for (const path of ["/.well-known/*", "/oauth/*", "/oidc/*"]) {
    app.use(path, async (c, next) => {
      const unknown = unknownInstance(instance, c.req.raw.headers);
      return unknown === undefined ? await next() : c.text(`${unknown}\n`, 404);
    });
  }
  app.get("/debug/:check{healthz|ready}", (c) => c.text("ok"));
  app.post("/oauth/v2/token", async (c) => {
    const request = await requestOf(c);
    const type = request.form.get("grant_type") ?? "";
    if (OF_PROVIDER.includes(type)) return c.notFound();
    const grant = GRANTS[type];
    if (grant) return Response.json(await grant(instance, request));
    throw new OAuthError("unsupported_grant_type", `${type} not supported`);
  });
  app.on(["GET", "POST"], "/oidc/v1/userinfo", async (c) => {
    const { authorization } = await requestOf(c);
    return Response.json(await userInfo(instance, authorization));
  });
  app.post("/oauth/v2/introspect", async (c) => {
    return Response.json(await introspect(instance, await requestOf(c)));
  });
  app.get(LOGIN_PATH, async (c) => {
    const id = c.req.query("authRequest") ?? "";
    // No password is asked for, so a known hint leaves nothing to choose.
    const hint = world.authRequests.get(id)?.loginHint;
    const hinted = userNamed(world, hint ?? "");
    if (!hinted || hinted.isMachine) return loginPage(world, id);
    return c.redirect(await finishLogin(id, { userId: hinted.id }), 303);
  });
  app.post(LOGIN_PATH, async (c) => {
    const { form } = await requestOf(c);
    const id = form.get("authRequest") ?? "";
    const userId = form.get("user") ?? "";
    if (!world.authRequests.has(id)) return loginPage(world, id);
    if (!world.users.has(userId)) return c.text("There is no such user", 400);
    return c.redirect(await finishLogin(id, { userId }), 303);
  });
  return app;
}

async function requestOf({ req }: Context) {
  const form = new URLSearchParams(await req.text());
  return { form, authorization: req.header("authorization") ?? "" };
}
