/**
 * Gets tokens without a browser, by the requests that an application makes.
 *
 * @module
 */
import { OIDCService } from "@zitadel/proto/zitadel/oidc/v2/oidc_service_pb";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb";
import * as oauth from "oauth4webapi";
import { connect, originOf, to } from "./client.ts";
import { whoAmI } from "./user.ts";

export type Tokens = Awaited<ReturnType<typeof tokensOf>>;

/**
 * Returns the scopes that assert a project's roles even if the project does
 * not. Client credentials always need them.
 */
export function roleScopes(project: string): string {
  return [
    "openid",
    `urn:zitadel:iam:org:project:id:${project}:aud`,
    "urn:zitadel:iam:org:projects:roles",
  ].join(" ");
}

/**
 * Gets a service user's token by client credentials.
 *
 * @example
 * ```ts
 * import { clientCredentials, roleScopes } from "./login.ts";
 *
 * const { accessToken } = await clientCredentials("http://localhost:8080", {
 *   clientId: "robot",
 *   clientSecret: "secret",
 *   scope: roleScopes("400925124561210406"),
 * });
 * ```
 */
export async function clientCredentials(
  domain: string,
  options: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly scope: string;
  },
): Promise<Tokens> {
  const { server, client } = partiesOf(domain, options.clientId);
  const response = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    oauth.ClientSecretPost(options.clientSecret),
    { scope: options.scope },
    INSECURE,
  );
  return await tokensOf(
    response,
    (it) => oauth.processClientCredentialsResponse(server, client, it),
  );
}

/**
 * Logs a person in by code + PKCE, with the login page's part played by a login
 * client: authorize, check the password in a session, confirm, redeem the code.
 *
 * @example
 * ```ts
 * import { login } from "./login.ts";
 *
 * const { accessToken } = await login("http://localhost:8080", {
 *   clientId: "400925124661939238",
 *   redirectUri: "http://localhost:9000/callback",
 *   scope: "openid offline_access",
 *   loginName: "alice",
 *   password: "Password1!",
 *   loginClientToken: "token",
 * });
 * ```
 */
export async function login(
  domain: string,
  options: {
    readonly clientId: string;
    readonly redirectUri: string;
    readonly scope: string;
    readonly loginName: string;
    readonly password: string;
    readonly loginClientToken: string;
  },
): Promise<Tokens> {
  const { clientId, redirectUri, scope, loginName, password } = options;
  const { server, client } = partiesOf(domain, clientId);
  const state = oauth.generateRandomState();
  const verifier = oauth.generateRandomCodeVerifier();
  const loginClient = connect(domain, options.loginClientToken);

  const authorize = new URL(server.authorization_endpoint!);
  authorize.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }).toString();
  const authRequestId = await startAuthRequest(
    authorize,
    (await whoAmI(loginClient)).id,
  );

  const { sessionId, sessionToken } = await loginClient.service(SessionService)
    .createSession({
      checks: {
        user: { search: { case: "loginName", value: loginName } },
        password: { password },
      },
    }, to(`check the password of ${loginName}`));
  const session = { sessionId, sessionToken };
  const { callbackUrl } = await loginClient.service(OIDCService)
    .createCallback({
      authRequestId,
      callbackKind: { case: "session", value: session },
    }, to("finish the login"));

  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    oauth.validateAuthResponse(server, client, new URL(callbackUrl), state),
    redirectUri,
    verifier,
    INSECURE,
  );
  return await tokensOf(
    response,
    (it) => oauth.processAuthorizationCodeResponse(server, client, it),
  );
}

/** Local instances have no TLS, and a person typed the address. */
const INSECURE = { [oauth.allowInsecureRequests]: true };

/** How much of an unexpected answer is shown, in characters. */
const MAX_ANSWER_LENGTH = 300;

function partiesOf(domain: string, clientId: string) {
  const issuer = originOf(domain);
  const server: oauth.AuthorizationServer = {
    issuer,
    authorization_endpoint: `${issuer}/oauth/v2/authorize`,
    token_endpoint: `${issuer}/oauth/v2/token`,
  };
  return { server, client: { client_id: clientId } };
}

async function startAuthRequest(
  authorize: URL,
  loginClientId: string,
): Promise<string> {
  const response = await fetch(authorize, {
    headers: { "x-zitadel-login-client": loginClientId },
    redirect: "manual",
  });
  await response.body?.cancel();
  const location = response.headers.get("location") ?? "";
  const id = URL.parse(location, authorize)?.searchParams.get("authRequest");
  if (!id) {
    throw new Error(
      `Cannot start a login: /oauth/v2/authorize answered ${response.status} without an authRequest. Check the client id, its redirect address, and that the login client's token belongs to IAM_LOGIN_CLIENT`,
    );
  }
  return id;
}

async function tokensOf(
  response: Response,
  process: (response: Response) => Promise<oauth.TokenEndpointResponse>,
) {
  if (!response.ok) {
    const answer = (await response.text()).trim().slice(0, MAX_ANSWER_LENGTH);
    throw new Error(
      `Cannot get a token: ${response.url} answers ${response.status} ${answer}`,
    );
  }
  const tokens = await process(response);
  return {
    /** A JWT, or opaque if the application is configured so. */
    accessToken: tokens.access_token,
    /** Present if a person asked for `openid`. */
    idToken: tokens.id_token,
    /** Present if `offline_access` was asked for. */
    refreshToken: tokens.refresh_token,
  };
}
