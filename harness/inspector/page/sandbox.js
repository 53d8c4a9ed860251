// @ts-check
/**
 * What the sandbox lets one see beside the token: who is in its world, what it
 * asked the function, and the mapping. A real instance has none of it.
 *
 * @module
 */

/** @typedef {Record<string, string[] | string>} Mapping Role to permissions. */

/**
 * @typedef {object} World
 * @property {string} release
 * @property {{ id: string, name: string, metadata: Mapping }[]} organizations
 * @property {{ id: string, name: string }[]} projects
 * @property {{ name: string, clientId: string, projectId: string, project: string, kind: string, accessToken: string, redirectUris: string[] }[]} apps
 * @property {User[]} users
 */

/**
 * @typedef {object} User
 * @property {string} id
 * @property {string} userName
 * @property {string} displayName
 * @property {boolean} isMachine
 * @property {string} organizationId
 * @property {string} organization
 * @property {{ project: string, roles: string[], active: boolean }[]} grants
 */

/**
 * @typedef {object} Exchange One call of the function.
 * @property {number} time In milliseconds since 1970.
 * @property {string} condition
 * @property {{ endpoint: string, name: string }} target
 * @property {{ headers: Record<string, string>, body: string, payload: Payload }} request
 * @property {{ status: number, body: string }} [reply]
 * @property {string} [error]
 * @property {number} ms
 */

/**
 * @typedef {object} Payload
 * @property {string} [function]
 * @property {{ id?: string }} [user]
 * @property {{ id?: string, name?: string }} [org]
 * @property {{ project_id: string, project_name?: string, roles?: string[] }[]} [user_grants]
 */

/**
 * @typedef {object} Role A role of the user, and what it came to.
 * @property {string} project
 * @property {string} organization Whose mapping counts.
 * @property {string} role
 * @property {string} [key] The entry of the mapping that counts.
 * @property {string[]} permissions
 * @property {string} [why] Why it grants nothing.
 */

const EVENT_WAIT_MS = 1000;
const EVENT_POLL_MS = 50;

/** @param {string} issuer @returns {Promise<World>} */
export function readWorld(issuer) {
  return getJson(`${issuer}/_sandbox/world`);
}

/**
 * Finds the calls that a token came of.
 *
 * @param {string} issuer
 * @param {{ user: unknown, since: number }} token Whose it is, and when it was asked for.
 * @returns {Promise<Exchange[]>}
 */
export async function readExchanges(issuer, { user, since }) {
  /** @type {Exchange[]} */
  const exchanges = await getJson(`${issuer}/_sandbox/exchanges`);
  return exchanges.filter(({ time, condition, request }) =>
    condition.startsWith("function/") && time >= since &&
    request.payload.user?.id === user
  );
}

/**
 * Replaces an organization's mapping.
 *
 * @param {string} issuer
 * @param {string} organization
 * @param {Mapping} mapping
 */
export async function saveMapping(issuer, organization, mapping) {
  const path = `/_sandbox/organizations/${organization}/metadata`;
  const response = await fetch(issuer + path, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(mapping),
  });
  if (!response.ok) {
    const { error } = await response.json();
    throw new Error(`The sandbox did not take the mapping: ${error}`);
  }
}

/**
 * Asks the inspector's server, which asks the function's own code, where each
 * permission comes from.
 *
 * @param {Payload} payload
 * @param {World} world
 * @returns {Promise<Role[]>}
 */
export async function explainRoles(payload, { organizations }) {
  const metadata = Object.fromEntries(
    organizations.map(({ id, metadata }) => [id, metadata]),
  );
  const response = await fetch("/explain", {
    method: "POST",
    body: JSON.stringify({ payload, metadata }),
  });
  if (!response.ok) return [];
  /** @type {{ grants: { project: string, organization: string, roles: Role[] }[] }} */
  const { grants } = await response.json();
  return grants.flatMap(({ project, organization, roles }) =>
    roles.map((role) => ({ ...role, project, organization }))
  );
}

/** @param {string} url */
async function getJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return await response.json();
}

/**
 * Waits until the function was told of a changed mapping, for a moment at most.
 *
 * @param {string} issuer
 * @param {number} since
 * @returns {Promise<boolean>} Whether it was; `false` where no target is bound to the events.
 */
export async function eventArrives(issuer, since) {
  for (let waited = 0; waited < EVENT_WAIT_MS; waited += EVENT_POLL_MS) {
    /** @type {Exchange[]} */
    const exchanges = await getJson(`${issuer}/_sandbox/exchanges`);
    const isTold = exchanges.some(({ time, condition, reply }) =>
      time >= since && condition.startsWith("org.metadata.") &&
      reply?.status === 200
    );
    if (isTold) return true;
    await new Promise((resolve) => setTimeout(resolve, EVENT_POLL_MS));
  }
  return false;
}
