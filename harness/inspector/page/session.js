// @ts-check
/**
 * What is known about the tokens at hand.
 *
 * @module
 */
import { API_SCOPE, callFromClaims, readOrganization } from "./instance.js";
import { decodeJwt, verifyJwt } from "./jwt.js";
import { fetchKeys, fetchUserinfo } from "./login.js";
import { readPermissions } from "./read_permissions.js";
import { readExchanges, readWorld } from "./sandbox.js";
/** @import { Context, Item, Login, Organization, Question, Server, Session, Settings, Token, Tokens, Userinfo } from "../types.ts" */

/**
 * Reads and checks new tokens, and finds out where their claims come from.
 *
 * @param {Context} context
 * @param {object} news
 * @param {Login} [news.login] Missing for a pasted token.
 * @param {Tokens} news.tokens
 * @param {number} news.since When they were requested.
 * @param {Session} [before] The session whose tokens they replace.
 * @returns {Promise<Session>}
 */
export async function openSession(context, { login, tokens, since }, before) {
  const { settings } = context;
  const access = await readToken(context, tokens.accessToken);
  const id = tokens.idToken === undefined ? before?.id : await readToken(context, tokens.idToken);
  const sub = access.jwt?.claims.sub ?? id?.jwt?.claims.sub;
  const [world, exchanges] = settings.sandbox && login
    ? await Promise.all([readWorld(settings.issuer), readExchanges(settings.issuer, { user: sub, since })])
    : [];
  const isAsked = login && (!access.jwt || !settings.sandbox);
  const userinfo = isAsked ? await askUserinfo(context.server, access.raw) : undefined;
  const claims = { ...id?.jwt?.claims, ...access.jwt?.claims, ...userinfo?.claims };
  const user = world?.users.find((it) => it.id === sub);
  const value = (access.jwt?.claims ?? userinfo?.claims ?? {})[settings.claim];
  const items = readPermissions(value);
  const question = {
    payload: exchanges?.[0]?.request.payload ?? callFromClaims(claims),
    home: user?.organizationId,
    organizations: world?.organizations ?? [],
    findings: {
      claim: value === undefined ? "missing" : !items ? "odd" : items.length === 0 ? "empty" : "filled",
      isOpaque: !access.jwt,
      audience: [access.jwt?.claims.aud ?? []].flat().map(String),
      login,
      userinfo: userinfo && { hasClaim: userinfo.claims?.[settings.claim] !== undefined, error: userinfo.error },
      calls: exchanges?.map(({ condition, reply, error }) => ({ condition, status: reply?.status, error })),
      user,
      projects: world?.projects ?? [],
      apps: world?.apps ?? [],
    },
  };
  const mayRead = login?.scope.includes(API_SCOPE);
  const background = world
    ? await explain(question)
    : await explainFromOutside(question, settings, mayRead ? access.raw : "");
  const names = namesOf(items ?? []);
  const former = before ? namesOf(before.items) : names;
  return {
    ...background,
    login,
    tokens,
    access,
    id,
    userinfo,
    world,
    projects: world?.projects ?? [{ id: settings.projectId, name: settings.projectName }],
    user,
    exchanges,
    value,
    items: items ?? [],
    name: user?.displayName ?? String(claims.name ?? before?.name ?? claims.sub ?? "This token"),
    added: names.filter((name) => !former.includes(name)),
    gone: former.filter((name) => !names.includes(name)),
    formerRoles: before?.roles ?? [],
  };
}

/** @param {readonly Item[]} items */
function namesOf(items) {
  return [...new Set(items.map(({ permission }) => permission))];
}

/** @param {Server} server @param {string} accessToken @returns {Promise<Userinfo>} */
export async function askUserinfo(server, accessToken) {
  try {
    return { claims: await fetchUserinfo(server, accessToken) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {Context} context @param {string} raw @returns {Promise<Token>} */
async function readToken(context, raw) {
  const jwt = decodeJwt(raw);
  if (!jwt) return { raw, jwt, verdict: undefined };
  // An instance changes its keys now and then: read them again for a new one.
  if (!context.keys.some(({ kid }) => kid === jwt.header.kid)) {
    try {
      context.keys = await fetchKeys(context.server);
    } catch {
      const text = "ZITADEL's keys could not be read";
      return { raw, jwt, verdict: { state: "unknown", text } };
    }
  }
  return { raw, jwt, verdict: await verifyJwt(jwt, context.keys) };
}

/**
 * Has the server explain the roles by the function's own code.
 *
 * @typedef {{ payload: unknown, organizations: Organization[] }} Question
 * @param {Question} question
 * @param {string} [mappingNote]
 */
async function explain(question, mappingNote = "") {
  const response = await fetch("/explain", { method: "POST", body: JSON.stringify(question) });
  if (!response.ok) {
    throw new Error(`This page's server cannot explain: ${await response.text()}`);
  }
  /** @type {Pick<Session, "roles" | "diagnosis" | "unrequested"> & { organizations: string[] }} */
  const { organizations, ...answer } = await response.json();
  return {
    ...answer,
    mappingNote,
    wanted: organizations,
    organizations: question.organizations.filter(({ id }) => organizations.includes(id)),
  };
}

/**
 * The same for a real instance, whose mapping the user's own token may read.
 *
 * @param {Question} question
 * @param {Settings} settings
 * @param {string} accessToken Empty if it may not read the mapping.
 */
async function explainFromOutside(question, { issuer }, accessToken) {
  const blind = await explain(question, "Not read: log in with “Also read the mapping” to see it.");
  if (!accessToken || !question.payload) return blind;
  try {
    const organizations = await Promise.all(blind.wanted.map((id) => readOrganization(issuer, id, accessToken)));
    return await explain({ ...question, organizations });
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    return {
      ...blind,
      mappingNote: `Not readable with your token (${reason}): it takes an administrator of this organization.`,
    };
  }
}
