import { exportJWK } from "jose";
import { appOfClient } from "./find.ts";
import type { Instance } from "./instance.ts";
import { TOKEN_SECONDS } from "./issue_tokens.ts";
import { MemoryAdapter } from "./memory_adapter.ts";
import type { OidcContext } from "./oidc_context.ts";
import { beginLogin } from "./oidc_login.ts";
import type { App, World } from "./world.ts";

const REFRESH_SECONDS = 30 * 24 * 3600;
const LOGIN_SECONDS = 3600;
const CODE_SECONDS = 300;

/**
 * Creates oidc-provider's configuration: ZITADEL's paths, the world's
 * applications as clients, and logins by the sandbox's page.
 */
export async function oidcConfiguration(
  instance: Instance,
  policy: unknown,
): Promise<Record<string, unknown>> {
  const { world } = instance;
  return {
    adapter: createAdapter(world),
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
