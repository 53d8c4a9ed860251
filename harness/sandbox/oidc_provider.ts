/**
 * The OpenID provider. Authorization requests, PKCE, codes and refresh tokens
 * are oidc-provider's; the content of tokens is ZITADEL's (`issue_tokens.ts`).
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { appOfClient } from "./find.ts";
import type { Instance } from "./instance.ts";
import { issueTokens } from "./issue_tokens.ts";
import { oidcConfiguration } from "./oidc_configuration.ts";
import type { OidcContext } from "./oidc_context.ts";
import { createFinishLogin } from "./oidc_login.ts";
import type { FinishLogin } from "./services/login.ts";

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
    await oidcConfiguration(instance, policy),
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
  const callback = provider.callback();
  return {
    handle: async (incoming, outgoing) => {
      await callback(incoming, outgoing);
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
