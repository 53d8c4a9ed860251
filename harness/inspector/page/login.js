// @ts-check
/**
 * Logging in by authorization code and PKCE. Tokens are returned and stored
 * nowhere. What has to survive the way to the login page and back, such as an
 * edit that is not saved yet, is in the tab's session storage until it is read.
 *
 * @module
 */
import * as oauth from "./oauth4webapi.js";
/** @import { Edit, Login, PendingLogin, PublicKey, Server, Tokens } from "../types.ts" */

const PENDING = "inspector.pending_login";

/** Reads the issuer's discovery document. @param {string} issuer Its origin. */
export async function discover(issuer) {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, allowHttp(issuer));
  return await oauth.processDiscoveryResponse(url, response);
}

/** @param {Server} server @returns {Promise<PublicKey[]>} */
export async function fetchKeys(server) {
  const response = await fetch(server.jwks_uri ?? "");
  if (!response.ok) {
    throw new Error(`ZITADEL's keys cannot be read: HTTP ${response.status}`);
  }
  return (await response.json()).keys;
}

/**
 * Sends the browser to the login page.
 *
 * @param {Server} server
 * @param {Login & { prompt?: string | undefined, edits: Edit[] }} login
 */
export async function startLogin(server, { prompt, ...login }) {
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
    ...(login.loginHint && { login_hint: login.loginHint }),
    ...(prompt && { prompt }),
  }).toString();
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  location.assign(url.href);
}

/** Takes the login that this tab started; a second call finds none. @returns {PendingLogin | undefined} */
export function takePendingLogin() {
  const text = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  return text === null ? undefined : JSON.parse(text);
}

/**
 * Redeems the code that ZITADEL sent the browser back with.
 *
 * @param {Server} server
 * @param {PendingLogin} pending
 * @param {URL} url The address the browser came back to.
 * @returns {Promise<Tokens>}
 */
export async function finishLogin(server, pending, url) {
  const client = { client_id: pending.clientId };
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    oauth.validateAuthResponse(server, client, url, pending.state),
    pending.redirectUri,
    pending.verifier,
    allowHttp(server.issuer),
  );
  const asksForIdToken = pending.scope.split(" ").includes("openid");
  return await oauth.processAuthorizationCodeResponse(server, client, response, {
    ...(asksForIdToken && { expectedNonce: pending.nonce, requireIdToken: true }),
  });
}

/**
 * Gets new tokens.
 *
 * @param {Server} server
 * @param {string} clientId
 * @param {string} refreshToken
 * @returns {Promise<Tokens>}
 */
export async function refreshTokens(server, clientId, refreshToken) {
  const client = { client_id: clientId };
  const response = await oauth.refreshTokenGrantRequest(
    server,
    client,
    oauth.None(),
    refreshToken,
    allowHttp(server.issuer),
  );
  return await oauth.processRefreshTokenResponse(server, client, response);
}

/**
 * Asks the userinfo endpoint.
 *
 * @param {Server} server
 * @param {string} accessToken
 * @returns {Promise<{ claims?: Record<string, unknown>, error?: string }>}
 */
export async function askUserinfo(server, accessToken) {
  try {
    const headers = { authorization: `Bearer ${accessToken}` };
    const response = await fetch(server.userinfo_endpoint ?? "", { headers });
    return response.ok ? { claims: await response.json() } : { error: `HTTP ${response.status}` };
  } catch (error) {
    return { error: String(error) };
  }
}

/** Reports whether ZITADEL refused the refresh token. @param {unknown} error */
export function isSessionOver(error) {
  return error instanceof oauth.ResponseBodyError && error.error === "invalid_grant";
}

/** Reports whether ZITADEL issued no token for a reason of its own. @param {unknown} error */
export function isRefusal(error) {
  if (error instanceof oauth.ResponseBodyError) return !isSessionOver(error);
  if (error instanceof oauth.OperationProcessingError) return error.code === oauth.RESPONSE_IS_NOT_CONFORM;
  return error instanceof Error && error.message.startsWith("The sandbox answered");
}

/** Puts an error into words of this page. @param {unknown} error @returns {string} */
export function describeError(error) {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
    const { error: code, error_description: description } = error;
    return `ZITADEL answered ${[code, description].filter(Boolean).join(": ")}.`;
  }
  if (error instanceof TypeError && /fetch/i.test(error.message)) {
    return "ZITADEL did not answer, or does not allow this page to ask it.";
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    return `ZITADEL's answer does not belong to this login, or fails a check (${
      error.code ?? "unknown"
    }). Log in again. If that repeats, compare this machine’s clock and ZITADEL_DOMAIN.`;
  }
  return `${error instanceof Error ? error.message : String(error)}.`;
}

/** An instance on this machine has no TLS. @param {string} issuer */
function allowHttp(issuer) {
  return { [oauth.allowInsecureRequests]: issuer.startsWith("http:") };
}
