// @ts-check
/**
 * Logging in by authorization code and PKCE. Tokens are returned and kept
 * nowhere; what has to survive the way to the login page and back is in the
 * tab's session storage, and is removed as soon as it is read.
 *
 * @module
 */
import * as oauth from "./oauth4webapi.js";

/**
 * @typedef {object} Login What a login was begun with.
 * @property {string} clientId
 * @property {string} scope
 * @property {string} redirectUri
 */

/** @typedef {Login & { state: string, nonce: string, verifier: string }} PendingLogin */

/**
 * @typedef {object} Tokens
 * @property {string} accessToken
 * @property {string | undefined} idToken
 * @property {string | undefined} refreshToken
 * @property {number | undefined} expiresAt In milliseconds since 1970.
 */

/** @typedef {{ server: oauth.AuthorizationServer, keys: readonly import("./jwt.js").PublicKey[] }} Issuer */

const PENDING = "inspector.pending_login";

/**
 * Reads the issuer's discovery document and its public keys.
 *
 * @param {string} issuer Its origin.
 * @returns {Promise<Issuer>}
 */
export async function discover(issuer) {
  const url = new URL(issuer);
  const options = insecureWhere(issuer);
  const response = await oauth.discoveryRequest(url, options);
  const server = await oauth.processDiscoveryResponse(url, response);
  return { server, keys: await fetchKeys(server) };
}

/**
 * Reads the issuer's public keys.
 *
 * @param {oauth.AuthorizationServer} server
 * @returns {Promise<readonly import("./jwt.js").PublicKey[]>}
 */
export async function fetchKeys(server) {
  const response = await fetch(server.jwks_uri ?? "");
  if (!response.ok) {
    throw new Error(`The issuer's keys cannot be read: ${response.status}`);
  }
  return (await response.json()).keys;
}

/**
 * Sends the browser to the login page.
 *
 * @param {oauth.AuthorizationServer} server
 * @param {Login & { loginHint?: string | undefined, prompt?: string | undefined }} login
 */
export async function startLogin(server, { loginHint, prompt, ...login }) {
  /** @type {PendingLogin} */
  const pending = {
    ...login,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
  };
  const url = new URL(server.authorization_endpoint ?? "");
  url.search = new URLSearchParams({
    client_id: login.clientId,
    redirect_uri: login.redirectUri,
    response_type: "code",
    scope: login.scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: "S256",
    ...(loginHint && { login_hint: loginHint }),
    ...(prompt && { prompt }),
  }).toString();
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  location.assign(url);
}

/**
 * Takes the login that this tab began; a second call finds none.
 *
 * @returns {PendingLogin | undefined}
 */
export function takePendingLogin() {
  const text = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  return text === null ? undefined : JSON.parse(text);
}

/**
 * Redeems the code that the instance sent the browser back with.
 *
 * @param {oauth.AuthorizationServer} server
 * @param {PendingLogin} pending
 * @param {URL} url The address the browser came back to.
 * @returns {Promise<Tokens>}
 */
export async function finishLogin(server, pending, url) {
  const client = { client_id: pending.clientId };
  const parameters = oauth.validateAuthResponse(
    server,
    client,
    url,
    pending.state,
  );
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    pending.redirectUri,
    pending.verifier,
    insecureWhere(server.issuer),
  );
  const asksForIdToken = pending.scope.split(" ").includes("openid");
  return tokensOf(
    await oauth.processAuthorizationCodeResponse(server, client, response, {
      ...(asksForIdToken &&
        { expectedNonce: pending.nonce, requireIdToken: true }),
    }),
  );
}

/**
 * Gets new tokens.
 *
 * @param {oauth.AuthorizationServer} server
 * @param {string} clientId
 * @param {string} refreshToken
 * @returns {Promise<Tokens>} With the old refresh token where no new one came.
 */
export async function refreshTokens(server, clientId, refreshToken) {
  const client = { client_id: clientId };
  const response = await oauth.refreshTokenGrantRequest(
    server,
    client,
    oauth.None(),
    refreshToken,
    insecureWhere(server.issuer),
  );
  const tokens = tokensOf(
    await oauth.processRefreshTokenResponse(server, client, response),
  );
  return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken };
}

/**
 * Asks who somebody is: ZITADEL leaves the name out of the tokens by default.
 *
 * @param {oauth.AuthorizationServer} server
 * @param {string} clientId
 * @param {{ accessToken: string, sub: string }} token
 * @returns {Promise<string | undefined>} Their name.
 */
export async function fetchName(server, clientId, { accessToken, sub }) {
  const client = { client_id: clientId };
  const options = insecureWhere(server.issuer);
  const response = await oauth.userInfoRequest(
    server,
    client,
    accessToken,
    options,
  );
  const info = await oauth.processUserInfoResponse(
    server,
    client,
    sub,
    response,
  );
  return info.name ?? info.preferred_username;
}

/**
 * Puts what went wrong with a login into words.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function describeError(error) {
  if (
    error instanceof oauth.AuthorizationResponseError ||
    error instanceof oauth.ResponseBodyError
  ) {
    return [error.error, error.error_description].filter(Boolean).join(": ");
  }
  if (error instanceof TypeError && /fetch/i.test(error.message)) {
    return "The instance gave no answer, or does not allow this page to ask it";
  }
  return error instanceof Error ? error.message : String(error);
}

/** @param {oauth.TokenEndpointResponse} response @returns {Tokens} */
function tokensOf(response) {
  return {
    accessToken: response.access_token,
    idToken: response.id_token,
    refreshToken: response.refresh_token,
    expiresAt: response.expires_in === undefined
      ? undefined
      : Date.now() + response.expires_in * 1000,
  };
}

/** An instance on this machine has no TLS. @param {string} issuer */
function insecureWhere(issuer) {
  return { [oauth.allowInsecureRequests]: issuer.startsWith("http:") };
}
