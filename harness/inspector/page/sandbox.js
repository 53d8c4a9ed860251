// @ts-check
/**
 * What the sandbox shows beside the token: who is in its world, what it asked
 * the function, and the mapping. A real instance has none of it.
 *
 * @module
 */
/** @import { Change, Exchange, World } from "../types.ts" */

const EVENT_WAIT_MS = 1000;
const EVENT_POLL_MS = 50;

/** @param {string} issuer @returns {Promise<World>} */
export function readWorld(issuer) {
  return getJson(`${issuer}/_sandbox/world`);
}

/**
 * Finds the calls that led to a token.
 *
 * @param {string} issuer
 * @param {{ user: unknown, since: number }} token Whose it is, and when it was asked for.
 * @returns {Promise<Exchange[]>}
 */
export async function readExchanges(issuer, { user, since }) {
  /** @type {Exchange[]} */
  const exchanges = await getJson(`${issuer}/_sandbox/exchanges`);
  return exchanges.filter(
    ({ time, condition, request }) =>
      condition.startsWith("function/") && time >= since && request.payload.user?.id === user,
  );
}

/**
 * Changes entries of an organization's metadata.
 *
 * @param {string} issuer
 * @param {string} organization
 * @param {readonly Change[]} changes
 * @returns {Promise<boolean>} `false` if an entry was changed meanwhile; then nothing is saved.
 */
export async function saveChanges(issuer, organization, changes) {
  const path = `/_sandbox/organizations/${organization}/metadata`;
  const response = await fetch(issuer + path, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(changes),
  });
  if (!response.ok) {
    throw new Error(`The sandbox refused the mapping (HTTP ${response.status})`);
  }
  return (await response.json()).saved;
}

/**
 * Waits until the function was told of a changed mapping, for a moment at most.
 *
 * @param {string} issuer
 * @param {number} since
 * @returns {Promise<boolean>} `false` if no event arrived: no target is bound to them.
 */
export async function eventArrives(issuer, since) {
  for (let waited = 0; waited < EVENT_WAIT_MS; waited += EVENT_POLL_MS) {
    /** @type {Exchange[]} */
    const exchanges = await getJson(`${issuer}/_sandbox/exchanges`);
    const isTold = exchanges.some(
      ({ time, condition, reply }) => time >= since && condition.startsWith("org.metadata.") && reply?.status === 200,
    );
    if (isTold) return true;
    await new Promise((resolve) => setTimeout(resolve, EVENT_POLL_MS));
  }
  return false;
}

/** @param {string} url */
async function getJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered HTTP ${response.status}`);
  return await response.json();
}
