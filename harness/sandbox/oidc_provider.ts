/**
 * The OpenID provider. Authorization requests, PKCE, codes and refresh tokens
 * are oidc-provider's; the content of tokens is ZITADEL's (`issue_tokens.ts`).
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK } from "jose";
import { newIdentifier } from "./identifier.ts";
import type { Instance } from "./instance.ts";
import { issueTokens, TOKEN_SECONDS } from "./issue_tokens.ts";
import { MemoryAdapter } from "./memory_adapter.ts";
import { OAuthError } from "./oauth_error.ts";
import { scopesOfLogin } from "./scopes.ts";
import type { FinishLogin } from "./services/login.ts";
import { type App, appOfClient, type World } from "./world.ts";

const REFRESH_SECONDS = 30 * 24 * 3600;
const LOGIN_SECONDS = 3600;
const CODE_SECONDS = 300;

/** oidc-provider's refusals, in ZITADEL's words. */
const ERRORS: readonly [RegExp, string][] = [
  [/authorization code not found/, "Errors.User.Code.Invalid"],
  [/authorization code/, "Errors.AuthRequest.NoCode"],
  [/refresh token/, "Errors.User.RefreshToken.Invalid"],
];

/** The part of oidc-provider's context that is used; the package has no types. */
interface OidcContext {
  url: string;
  status: number;
  body: Record<string, unknown>;
  oidc: {
    route?: string;
    params: Record<string, string> & { client_id: string };
    client: { clientId: string };
    entities: { AuthorizationCode?: TokenSource; RefreshToken?: TokenSource };
  };
}

interface TokenSource {
  accountId: string;
  scopes: Set<string>;
  authTime: number;
  nonce?: string;
  sessionUid: string;
}

export interface OidcProvider {
  readonly handle: (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ) => Promise<void>;
  readonly finishLogin: FinishLogin;
}

export async function createOidcProvider(
  instance: Instance,
): Promise<OidcProvider> {
  const { default: Provider, interactionPolicy } = await loadProvider();
  // Like ZITADEL, lets a client ask to select an account.
  const policy = interactionPolicy.base();
  policy.add(
    new interactionPolicy.Prompt({ name: "select_account", requestable: true }),
  );
  const provider = new Provider(
    instance.origin,
    await configuration(instance, policy),
  );
  provider.use(async (ctx: OidcContext, next: () => Promise<void>) => {
    await next();
    if (ctx.oidc?.route === "authorization" && ctx.status === 303) {
      ctx.status = 302;
    }
    if (ctx.oidc?.route === "token" && ctx.status === 200) {
      await replaceTokens(instance, ctx);
    }
  });
  provider.on("grant.error", rewordError);
  return {
    handle: provider.callback(),
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
async function configuration(
  instance: Instance,
  policy: unknown,
): Promise<Record<string, unknown>> {
  const { world, webKey: { kid, privateKey } } = instance;
  const key = { ...await exportJWK(privateKey), kid, alg: "RS256", use: "sig" };
  return {
    adapter: createAdapter(world),
    jwks: { keys: [key] },
    routes: {
      authorization: "/oauth/v2/authorize",
      token: "/oauth/v2/token",
      revocation: "/oauth/v2/revoke",
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: { enabled: true },
    },
    cookies: { keys: [crypto.randomUUID()] },
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
      code: { scopes: Set<string> },
    ) => code.scopes.has("offline_access"),
    interactions: {
      policy,
      url: (ctx: OidcContext, { uid }: { uid: string }) =>
        `/ui/v2/login/login?authRequest=${beginLogin(instance, ctx, uid)}`,
    },
  };
}

/** oidc-provider's storage, in which the clients are the world's applications. */
function createAdapter(world: World): typeof MemoryAdapter {
  return class extends MemoryAdapter {
    override find(id: string) {
      if (this.model !== "Client") return super.find(id);
      const app = appOfClient(world, id);
      return Promise.resolve(app && clientMetadata(app));
    }
  };
}

function clientMetadata(app: App): Record<string, unknown> {
  const isOidc = app.kind === "oidc";
  return {
    client_id: app.clientId,
    client_name: app.name,
    redirect_uris: app.redirectUris,
    response_types: isOidc ? ["code"] : [],
    grant_types: isOidc ? ["authorization_code", "refresh_token"] : [],
    ...app.clientSecret === undefined
      ? { token_endpoint_auth_method: "none" }
      : {
        token_endpoint_auth_method: "client_secret_basic",
        client_secret: app.clientSecret,
      },
  };
}

/** Records an authorization request and returns its id. */
function beginLogin(
  { world, origin }: Instance,
  ctx: OidcContext,
  uid: string,
): string {
  const { client_id: clientId, scope = "", login_hint: loginHint } =
    ctx.oidc.params;
  const id = `V2_${newIdentifier()}`;
  // oidc-provider drops offline_access without prompt=consent. ZITADEL has no
  // such rule, so the scopes are taken as the client sent them.
  const asked = new URL(ctx.url, origin).searchParams.get("scope") ?? scope;
  world.authRequests.set(id, {
    uid,
    scopes: scopesOfLogin(
      world,
      asked.split(" ").filter(Boolean),
      appOfClient(world, clientId)!,
    ),
    ...loginHint && { loginHint },
  });
  return id;
}

/** Creates what finishes logins: oidc-provider's code for a user who logged in. */
function createFinishLogin(
  { world }: Instance,
  // deno-lint-ignore no-explicit-any -- the package has no types
  provider: any,
): FinishLogin {
  return async (authRequestId, { userId, sessionId }) => {
    const authRequest = world.authRequests.get(authRequestId);
    const interaction = authRequest &&
      await provider.Interaction.find(authRequest.uid);
    if (!interaction) {
      throw new Error("This login has expired or is finished");
    }
    const { params } = interaction;
    const scope = authRequest.scopes.join(" ");
    const grant = new provider.Grant({
      accountId: userId,
      clientId: params.client_id,
    });
    grant.addOIDCScope(scope);
    const code = new provider.AuthorizationCode({
      accountId: userId,
      amr: ["pwd"],
      authTime: Math.floor(Date.now() / 1000),
      client: await provider.Client.find(params.client_id),
      codeChallenge: params.code_challenge,
      codeChallengeMethod: params.code_challenge_method,
      grantId: await grant.save(),
      nonce: params.nonce,
      redirectUri: params.redirect_uri,
      scope,
      sessionUid: sessionId ?? newIdentifier(),
    });
    const target = new URL(params.redirect_uri);
    target.searchParams.set("code", await code.save());
    if (params.state !== undefined) {
      target.searchParams.set("state", params.state);
    }
    world.authRequests.delete(authRequestId);
    await interaction.destroy();
    return target.href;
  };
}

/** Replaces oidc-provider's tokens by ZITADEL's; the refresh token stays. */
async function replaceTokens(
  instance: Instance,
  ctx: OidcContext,
): Promise<void> {
  const { world } = instance;
  const { AuthorizationCode: code, RefreshToken: refresh } = ctx.oidc.entities;
  const source = code ?? refresh!;
  try {
    const tokens = await issueTokens(instance, {
      user: world.users.get(source.accountId)!,
      app: appOfClient(world, ctx.oidc.client.clientId)!,
      scopes: [...source.scopes],
      login: {
        authTime: source.authTime,
        nonce: code?.nonce,
        sessionId: source.sessionUid,
      },
    });
    const { refresh_token } = ctx.body;
    ctx.body = {
      ...tokens,
      ...refresh_token !== undefined && { refresh_token },
    };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    ctx.status = error.status;
    ctx.body = { error: error.code, error_description: error.message };
  }
}

function rewordError(
  ctx: OidcContext,
  { error, error_detail: detail }: { error: string; error_detail?: string },
): void {
  // ZITADEL answers 400 where the standard says 401.
  ctx.status = 400;
  if (error === "invalid_client") {
    ctx.body = { error, error_description: detail };
  } else if (error === "invalid_grant") {
    const found = ERRORS.find(([pattern]) => pattern.test(detail ?? ""));
    ctx.body = {
      error: "invalid_request",
      error_description: found?.[1] ?? detail,
    };
  }
}
