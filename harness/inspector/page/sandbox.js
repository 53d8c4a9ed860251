// @ts-check
/**
 * What the sandbox shows beside the token: who is in its world, what it asked the function, and the mapping. A real
 * instance has none of it.
 *
 * @module
 */
/** @import { Exchange, Login, Tokens, World } from "../types.ts" */

/** @param {string} issuer @returns {Promise<World>} */
export function readWorld(issuer) {
  return askJson(`${issuer}/_sandbox/world`);
}

/** All calls of targets, oldest first. @param {string} issuer @returns {Promise<Exchange[]>} */
export function readExchanges(issuer) {
  return askJson(`${issuer}/_sandbox/exchanges`);
}

/**
 * What an access token was requested with, and the calls that led to it; `null` if the sandbox did not issue it.
 *
 * @param {string} issuer
 * @param {string} token
 * @returns {Promise<{ clientId: string, scope: string, exchanges: Exchange[] } | null>}
 */
export function readOrigin(issuer, token) {
  return askJson(`${issuer}/_sandbox/tokens`, { headers: { authorization: `Bearer ${token}` } });
}

/** Gets a service user's token. @param {string} issuer @param {Login} login @returns {Promise<Tokens>} */
export function machineTokens(issuer, { machine, scope }) {
  return askJson(`${issuer}/_sandbox/tokens`, json("POST", { user: machine, scope }));
}

/**
 * Changes entries of an organization's metadata; `null` removes one.
 *
 * @param {string} issuer
 * @param {string} organization
 * @param {readonly { key: string, value: string | null, before: string | null }[]} changes
 * @returns {Promise<{ saved: boolean, told: boolean }>} Not saved if an entry was changed meanwhile; not told if the
 * function got no event.
 */
export function saveChanges(issuer, organization, changes) {
  return askJson(`${issuer}/_sandbox/organizations/${organization}/metadata`, json("PATCH", changes));
}

/** @param {string} method @param {unknown} body */
function json(method, body) {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** @param {string} url @param {RequestInit} [init] */
async function askJson(url, init) {
  const response = await fetch(url, init);
  if (response.ok) return await response.json();
  const { error = "", error_description = "" } = await response.json().catch(() => ({}));
  throw new Error(`The sandbox answered HTTP ${response.status} ${error} ${error_description}`.trim());
}
