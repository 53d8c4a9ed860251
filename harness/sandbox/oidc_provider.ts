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
import { scopesOfLogin } from "./scopes.ts";
import { appOfClient } from "./find.ts";
import type { App } from "./world.ts";

const REFRESH_SECONDS = 30 * 24 * 3600;
const LOGIN_SECONDS = 3600;
const CODE_SECONDS = 300;

/** oidc-provider's refusals, in ZITADEL's words. */
const ERRORS: readonly [RegExp, string][] = [
  [/authorization code not found/, "Errors.User.Code.Invalid"],
  [/authorization code/, "Errors.AuthRequest.NoCode"],
  [/refresh token/, "Errors.User.RefreshToken.Invalid"],
];

export interface OidcProvider {
  readonly handle: (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ) => Promise<void>;
  /** Finishes a login and returns where the browser goes with the code. */
  readonly finishLogin: (
    authRequestId: string,
    login: { userId: string; sessionId?: string },
  ) => Promise<string>;
}

export async function createOidcProvider(
  instance: Instance,
): Promise<OidcProvider> {
  const { world } = instance;
  const { default: Provider, interactionPolicy } = await loadProvider();
  // Like ZITADEL, lets a client ask to select an account.
  const policy = interactionPolicy.base();
  policy.add(
    new interactionPolicy.Prompt({ name: "select_account", requestable: true }),
  );
  const provider = new Provider(instance.origin, {
    adapter: class extends MemoryAdapter {
      override find(id: string) {
        if (this.model !== "Client") return super.find(id);
        const app = appOfClient(world, id);
        return Promise.resolve(app && clientMetadata(app));
      }
    },
    jwks: { keys: [await privateJwk(instance)] },
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
      url: (ctx: Context, interaction: { uid: string }) =>
        `/ui/v2/login/login?authRequest=${beginLogin(ctx, interaction.uid)}`,
    },
  });

  function beginLogin(ctx: Context, uid: string): string {
    const parameters = ctx.oidc.params;
    const app = appOfClient(world, parameters.client_id)!;
    const id = `V2_${newIdentifier()}`;
    // oidc-provider drops offline_access without prompt=consent. ZITADEL has no
    // such rule, so the scopes are taken as the client sent them.
    const asked = new URL(ctx.url, instance.origin).searchParams.get("scope") ??
      parameters.scope ?? "";
    world.authRequests.set(id, {
      id,
      uid,
      clientId: app.clientId,
      redirectUri: parameters.redirect_uri,
      scopes: scopesOfLogin(world, asked.split(" ").filter(Boolean), app),
      ...(parameters.login_hint && { loginHint: parameters.login_hint }),
      created: new Date(),
    });
    return id;
  }

  provider.use(async (ctx: Context, next: () => Promise<void>) => {
    await next();
    if (ctx.oidc?.route === "authorization" && ctx.status === 303) {
      ctx.status = 302;
    }
    if (ctx.oidc?.route === "token" && ctx.status === 200) {
      await replaceTokens(ctx);
    }
  });
  provider.on("grant.error", rewordError);

  async function replaceTokens(ctx: Context): Promise<void> {
    const { AuthorizationCode: code, RefreshToken: refresh } =
      ctx.oidc.entities;
    const source = code ?? refresh!;
    const app = appOfClient(world, ctx.oidc.client.clientId)!;
    try {
      const tokens = await issueTokens(instance, {
        user: world.users.get(source.accountId)!,
        app,
        scopes: [...source.scopes],
        login: {
          authTime: source.authTime,
          nonce: code?.nonce,
          sessionId: source.sessionUid,
        },
      });
      ctx.body = {
        ...tokens,
        ...(ctx.body.refresh_token !== undefined &&
          { refresh_token: ctx.body.refresh_token }),
      };
    } catch (error) {
      const { status, code, message } = error as Record<string, string>;
      if (code === undefined) throw error;
      ctx.status = Number(status);
      ctx.body = { error: code, error_description: message };
    }
  }

  const callback = provider.callback();
  return {
    handle: async (incoming, outgoing) => {
      await callback(incoming, outgoing);
    },
    finishLogin: async (authRequestId, { userId, sessionId }) => {
      const authRequest = world.authRequests.get(authRequestId);
      const interaction = authRequest &&
        await provider.Interaction.find(authRequest.uid);
      if (!interaction) {
        throw new Error("This login has expired or is finished");
      }
      const { params } = interaction;
      const client = await provider.Client.find(params.client_id);
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
        client,
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
    },
  };
}

/**
 * The part of oidc-provider's context that is used; the package has no types.
 */
interface Context {
  url: string;
  status: number;
  body: Record<string, unknown>;
  oidc: {
    route?: string;
    params: Record<string, string> & {
      client_id: string;
      redirect_uri: string;
    };
    client: { clientId: string };
    entities: { AuthorizationCode?: Source; RefreshToken?: Source };
  };
}

interface Source {
  accountId: string;
  scopes: Set<string>;
  authTime: number;
  nonce?: string;
  sessionUid: string;
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

function clientMetadata(app: App): Record<string, unknown> {
  return {
    client_id: app.clientId,
    client_name: app.name,
    redirect_uris: app.redirectUris,
    response_types: app.kind === "oidc" ? ["code"] : [],
    grant_types: app.kind === "oidc"
      ? ["authorization_code", "refresh_token"]
      : [],
    token_endpoint_auth_method: app.clientSecret === undefined
      ? "none"
      : "client_secret_basic",
    ...(app.clientSecret !== undefined && { client_secret: app.clientSecret }),
  };
}

async function privateJwk({ webKey }: Instance) {
  return {
    ...await exportJWK(webKey.privateKey),
    kid: webKey.kid,
    alg: "RS256",
    use: "sig",
  };
}

function rewordError(
  ctx: Context,
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
