import { appOfClient } from "./find.ts";
import { newIdentifier } from "./identifier.ts";
import type { Instance } from "./instance.ts";
import type { OidcContext } from "./oidc_context.ts";
import { scopesOfLogin } from "./scopes.ts";
import type { FinishLogin } from "./services/login.ts";

/** Records an authorization request and returns its id. */
export function beginLogin(
  { world, origin }: Instance,
  ctx: OidcContext,
  uid: string,
): string {
  const parameters = ctx.oidc.params;
  const app = appOfClient(world, parameters.client_id)!;
  const id = `V2_${newIdentifier()}`;
  // oidc-provider drops offline_access without prompt=consent. ZITADEL has no
  // such rule, so the scopes are taken as the client sent them.
  const asked = new URL(ctx.url, origin).searchParams.get("scope") ??
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

/** Creates what finishes logins: oidc-provider's code for a user who logged in. */
export function createFinishLogin(
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
