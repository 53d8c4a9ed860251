/**
 * The OpenID provider. Discovery, authorization requests, PKCE, codes, refresh
 * tokens and logout are oidc-provider's; the content of tokens is ZITADEL's
 * (`issue_tokens.ts`).
 *
 * @module
 */
import type { Context } from "hono";
import { exportJWK } from "jose";
import inject from "light-my-request";
import { newIdentifier } from "./identifier.ts";
import type { Instance } from "./instance.ts";
import { issueTokens, TOKEN_SECONDS } from "./issue_tokens.ts";
import { OAuthError } from "./oauth_error.ts";
import { scopesOfLogin } from "./scopes.ts";
import type { FinishLogin } from "./services/login.ts";
import { type App, appOfClient, type World } from "./world.ts";

const REFRESH_SECONDS = 30 * 24 * 3600;
const LOGIN_SECONDS = 3600;
const CODE_SECONDS = 300;

/** What oidc-provider announces beyond ZITADEL, which does not name the issuer beside the code. */
const DISCOVERY = { authorization_response_iss_parameter_supported: false };

// deno-lint-ignore no-explicit-any -- oidc-provider has no types
type Untyped = any;

export type OidcProvider = Awaited<ReturnType<typeof createOidcProvider>>;

export async function createOidcProvider(instance: Instance) {
  const { default: Provider, interactionPolicy } = await loadProvider();
  // Like ZITADEL, lets a client ask to select an account.
  const policy = interactionPolicy.base();
  const prompt = { name: "select_account", requestable: true };
  policy.add(new interactionPolicy.Prompt(prompt));
  const settings = await configuration(instance, policy);
  const provider = new Provider(instance.origin, settings);
  provider.use(async (ctx: Untyped, next: () => Promise<void>) => {
    await next();
    const { route } = ctx.oidc ?? {};
    if (route === "discovery") Object.assign(ctx.body, DISCOVERY);
    if (route === "token" && ctx.status === 200) {
      await replaceTokens(instance, ctx);
    }
  });
  const answer = provider.callback();
  return {
    handle: async ({ req }: Context) => {
      const { statusCode: status, headers, rawPayload } = await inject(answer, {
        method: req.method as "GET",
        url: req.url,
        headers: req.header(),
        payload: await req.text(),
      });
      return new Response(rawPayload as BodyInit, {
        status,
        headers: Object.entries(headers).flatMap(([name, value]) =>
          [value ?? []].flat().map((it): [string, string] => [name, `${it}`])
        ),
      });
    },
    finishLogin: createFinishLogin(instance, provider),
  };
}

/**
 * Loads oidc-provider without its warning about runtimes other than Node: the
 * tests show that the features used here work.
 */
async function loadProvider() {
  const { warn } = console;
  console.warn = () => {};
  try {
    return await import("oidc-provider");
  } finally {
    console.warn = warn;
  }
}

/** ZITADEL's paths, the world's applications, and logins by the sandbox's page. */
async function configuration(instance: Instance, policy: unknown) {
  const { world, webKey: { kid, privateKey } } = instance;
  const key = { ...await exportJWK(privateKey), kid, alg: "RS256", use: "sig" };
  return {
    adapter: (model: string) => createAdapter(world, model),
    jwks: { keys: [key] },
    routes: {
      authorization: "/oauth/v2/authorize",
      end_session: "/oidc/v1/end_session",
      introspection: "/oauth/v2/introspect",
      jwks: "/oauth/v2/keys",
      token: "/oauth/v2/token",
      userinfo: "/oidc/v1/userinfo",
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
    },
    cookies: { keys: [crypto.randomUUID()] },
    clientBasedCORS: () => true, // decided by local_access.ts
    pkce: { required: () => false },
    responseTypes: ["code"],
    clientAuthMethods: ["none", "client_secret_basic", "client_secret_post"],
    ttl: {
      AccessToken: TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      Grant: REFRESH_SECONDS,
      IdToken: TOKEN_SECONDS,
      Interaction: LOGIN_SECONDS,
      RefreshToken: REFRESH_SECONDS,
      Session: LOGIN_SECONDS,
    },
    findAccount: (_ctx: unknown, id: string) =>
      world.users.has(id)
        ? { accountId: id, claims: () => ({ sub: id }) }
        : undefined,
    issueRefreshToken: (
      _ctx: unknown,
      _client: unknown,
      { scopes }: Untyped,
    ) => scopes.has("offline_access"),
    interactions: {
      policy,
      url: (ctx: Untyped, { uid }: Untyped) =>
        `/ui/v2/login/login?authRequest=${beginLogin(instance, ctx, uid)}`,
    },
  };
}

type Stored = Record<string, unknown> & { grantId?: string; consumed?: number };

/** Creates oidc-provider's storage for one of its models; clients are the world's applications. */
function createAdapter(world: World, model: string) {
  const stored = new Map<string, Stored>();
  return {
    upsert: (id: string, payload: Stored) => void stored.set(id, payload),
    find: (id: string) =>
      model === "Client"
        ? clientMetadata(appOfClient(world, id))
        : stored.get(id),
    /** Marks a code or token as used. */
    consume: (id: string) =>
      void (stored.get(id)!.consumed = Math.floor(Date.now() / 1000)),
    destroy: (id: string) => void stored.delete(id),
    revokeByGrantId(grantId: string) {
      for (const [id, payload] of stored) {
        if (payload.grantId === grantId) stored.delete(id);
      }
    },
  };
}

function clientMetadata(app: App | undefined) {
  if (app === undefined) return undefined;
  const isOidc = app.kind === "oidc";
  return {
    client_id: app.clientId,
    client_name: app.name,
    redirect_uris: app.redirectUris,
    post_logout_redirect_uris: app.postLogoutRedirectUris,
    response_types: isOidc ? ["code"] : [],
    grant_types: isOidc ? ["authorization_code", "refresh_token"] : [],
    token_endpoint_auth_method: app.clientSecret === undefined
      ? "none"
      : "client_secret_basic",
    client_secret: app.clientSecret,
  };
}

/** Records an authorization request and returns its id. */
function beginLogin(
  { world, origin }: Instance,
  { url, oidc }: Untyped,
  uid: string,
): string {
  const { client_id, scope = "", login_hint: loginHint } = oidc.params;
  const id = `V2_${newIdentifier()}`;
  // oidc-provider drops offline_access without prompt=consent. ZITADEL has no
  // such rule, so the scopes are taken as the client sent them.
  const asked = new URL(url, origin).searchParams.get("scope") ?? scope;
  const app = appOfClient(world, client_id)!;
  const scopes = scopesOfLogin(world, asked.split(" ").filter(Boolean), app);
  world.authRequests.set(id, { uid, scopes, loginHint });
  return id;
}

/** Creates what finishes logins: oidc-provider's code for a user who logged in. */
function createFinishLogin(
  { world }: Instance,
  provider: Untyped,
): FinishLogin {
  return async (authRequestId, { userId: accountId, sessionId }) => {
    const authRequest = world.authRequests.get(authRequestId);
    const interaction = authRequest &&
      await provider.Interaction.find(authRequest.uid);
    if (!interaction) {
      throw new Error("This login has expired or is finished");
    }
    const { params } = interaction;
    const { client_id: clientId, state } = params;
    const scope = authRequest.scopes.join(" ");
    const grant = new provider.Grant({ accountId, clientId });
    grant.addOIDCScope(scope);
    const code = new provider.AuthorizationCode({
      accountId,
      scope,
      amr: ["pwd"],
      authTime: Math.floor(Date.now() / 1000),
      client: await provider.Client.find(clientId),
      codeChallenge: params.code_challenge,
      codeChallengeMethod: params.code_challenge_method,
      grantId: await grant.save(),
      nonce: params.nonce,
      redirectUri: params.redirect_uri,
      sessionUid: sessionId ?? newIdentifier(),
    });
    const target = new URL(params.redirect_uri);
    target.searchParams.set("code", await code.save());
    if (state !== undefined) target.searchParams.set("state", state);
    world.authRequests.delete(authRequestId);
    await interaction.destroy();
    return target.href;
  };
}

/** Replaces oidc-provider's tokens by ZITADEL's; the refresh token stays. */
async function replaceTokens(
  instance: Instance,
  ctx: Untyped,
): Promise<void> {
  const { client, entities } = ctx.oidc;
  const { AuthorizationCode: code, RefreshToken: refresh } = entities;
  const { accountId, scopes, authTime, sessionUid } = code ?? refresh;
  const { refresh_token } = ctx.body;
  try {
    const tokens = await issueTokens(instance, {
      user: instance.world.users.get(accountId)!,
      app: appOfClient(instance.world, client.clientId)!,
      scopes: [...scopes],
      login: { authTime, nonce: code?.nonce, sessionId: sessionUid },
    });
    ctx.body = { ...tokens, refresh_token };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    ctx.status = error.status;
    ctx.body = error.toJSON();
  }
}
