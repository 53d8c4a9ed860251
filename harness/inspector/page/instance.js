// @ts-check
/**
 * What a real instance lets a page know: roles from claims, and the mapping if
 * the user's own token may read it. The server of this page is not involved.
 *
 * @module
 */
/** @import { Organization } from "../types.ts" */

const ROLES = /^urn:zitadel:iam:org:project:(.+):roles$/;
const OWNER = "urn:zitadel:iam:user:resourceowner:id";
const PAGE_SIZE = 1000;

/** Scopes for what this page explains: the user's organization, and ZITADEL's API. */
export const OWNER_SCOPE = "urn:zitadel:iam:user:resourceowner";
export const API_SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud";

/** Requests a project's roles. @param {string} project Its id. */
export function roleScopes(project) {
  return `urn:zitadel:iam:org:project:id:${project}:aud urn:zitadel:iam:org:projects:roles`;
}

/** Joins scopes, each once. @param {...string} scopes */
export function joinScopes(...scopes) {
  const names = scopes.flatMap((it) => it.split(/\s+/)).filter(Boolean);
  return [...new Set(names)].join(" ");
}

/**
 * Rebuilds ZITADEL's call from the roles that claims list.
 *
 * @param {Record<string, unknown>} claims
 * @param {string | undefined} client_id
 */
export function callFromClaims(claims, client_id) {
  /** @type {Map<string, { project_id: string, resource_owner: string, state: number, roles: string[] }>} */
  const grants = new Map();
  for (const [name, roles] of Object.entries(claims)) {
    const project_id = ROLES.exec(name)?.[1];
    if (!project_id) continue;
    for (const [role, owners] of Object.entries(Object(roles))) {
      for (const resource_owner of Object.keys(Object(owners))) {
        const key = JSON.stringify([project_id, resource_owner]);
        const grant = grants.get(key) ?? { project_id, resource_owner, state: 1, roles: [] };
        grant.roles.push(role);
        grants.set(key, grant);
      }
    }
  }
  const [first] = grants.values();
  if (!first) return undefined;
  const id = String(claims[OWNER] ?? first.resource_owner);
  const application = { client_id };
  return { function: "function/preaccesstoken", org: { id }, application, user_grants: [...grants.values()] };
}

/**
 * Reads an organization's mapping with the user's own token, by management v1:
 * every release since v3 has it, and it tells "none" from "not allowed".
 *
 * @param {string} issuer
 * @param {string} id
 * @param {string} accessToken
 * @returns {Promise<Organization>}
 */
export async function readOrganization(issuer, id, accessToken) {
  const headers = { authorization: `Bearer ${accessToken}`, "content-type": "application/json", "x-zitadel-orgid": id };
  const response = await fetch(`${issuer}/management/v1/metadata/_search`, {
    method: "POST",
    headers,
    body: JSON.stringify({ query: { limit: PAGE_SIZE } }),
  });
  if (!response.ok) {
    const { message } = await response.json().catch(() => ({}));
    throw new Error(`ZITADEL answered HTTP ${response.status}${message ? `, ${message}` : ""}`);
  }
  /** @type {{ result?: { key: string, value?: string, details?: { changeDate?: string } }[] }} */
  const { result = [] } = await response.json();
  const own = await fetch(`${issuer}/management/v1/orgs/me`, { headers });
  const name = own.ok ? (await own.json()).org?.name : undefined;
  const entries = result.map(({ key, value = "", details }) => ({
    key,
    value,
    changed: Date.parse(details?.changeDate ?? "") || undefined,
  }));
  return { id, name: name ?? `the organization ${id}`, entries };
}
