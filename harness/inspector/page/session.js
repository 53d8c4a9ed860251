// @ts-check
/**
 * What is known about the tokens at hand.
 *
 * @module
 */
import { diagnose } from "./diagnose.js";
import { decodeJwt, verifyJwt } from "./jwt.js";
import { fetchKeys, fetchName } from "./login.js";
import { explainRoles, readExchanges, readWorld } from "./sandbox.js";

/**
 * @typedef {object} Settings What the server says this page is for.
 * @property {string} issuer
 * @property {boolean} sandbox
 * @property {string} clientId
 * @property {string} claim
 */

/**
 * @typedef {object} Token
 * @property {string} raw
 * @property {import("./jwt.js").Jwt | undefined} jwt `undefined` where it is opaque.
 * @property {import("./jwt.js").Verdict | undefined} verdict
 */

/**
 * @typedef {object} Session
 * @property {import("./login.js").Login} login
 * @property {import("./login.js").Tokens} tokens
 * @property {string} name Of the user; an id where nothing better is known.
 * @property {Token} access
 * @property {Token | undefined} id
 * @property {readonly string[]} permissions
 * @property {readonly string[]} added Permissions that the token before did not have.
 * @property {readonly string[]} gone Permissions that only the token before had.
 * @property {import("./diagnose.js").Diagnosis | undefined} diagnosis
 * @property {Background | undefined} background With the sandbox only.
 */

/**
 * @typedef {object} Background Where the claims come from.
 * @property {import("./sandbox.js").World} world
 * @property {readonly import("./sandbox.js").Exchange[]} exchanges
 * @property {readonly import("./sandbox.js").Role[]} roles
 */

/**
 * Reads and checks new tokens, and finds out where their claims come from.
 *
 * @param {{ settings: Settings, issuer: import("./login.js").Issuer }} context
 * @param {object} news
 * @param {import("./login.js").Login} news.login
 * @param {import("./login.js").Tokens} news.tokens
 * @param {number} news.since When they were asked for.
 * @param {Session} [before] The session whose tokens they replace.
 * @returns {Promise<Session>}
 */
export async function openSession(context, { login, tokens, since }, before) {
  const { settings } = context;
  const access = await readToken(context.issuer, tokens.accessToken);
  const id = tokens.idToken === undefined
    ? before?.id
    : await readToken(context.issuer, tokens.idToken);
  const user = access.jwt?.claims.sub ?? id?.jwt?.claims.sub;
  const background = settings.sandbox
    ? await readBackground(settings.issuer, { user, since })
    : undefined;
  const name = background?.world.users.find(({ id }) => id === user)
    ?.displayName ??
    before?.name ??
    await nameOf(context.issuer.server, login.clientId, { access, id });
  const value = access.jwt?.claims[settings.claim];
  const permissions = Array.isArray(value) ? value.map(String) : [];
  const former = before?.permissions ?? permissions;
  return {
    login,
    tokens,
    name,
    access,
    id,
    permissions,
    added: permissions.filter((name) => !former.includes(name)),
    gone: former.filter((name) => !permissions.includes(name)),
    diagnosis: diagnose({
      claims: access.jwt?.claims,
      claim: settings.claim,
      ...(background && { exchanges: background.exchanges }),
    }),
    background,
  };
}

/**
 * @param {import("./login.js").Issuer["server"]} server
 * @param {string} clientId
 * @param {{ access: Token, id: Token | undefined }} tokens
 */
async function nameOf(server, clientId, { access, id }) {
  const { sub = "Somebody", name } = {
    ...access.jwt?.claims,
    ...id?.jwt?.claims,
  };
  const subject = String(sub);
  if (typeof name === "string") return name;
  try {
    const token = { accessToken: access.raw, sub: subject };
    return await fetchName(server, clientId, token) ?? subject;
  } catch {
    return subject;
  }
}

/**
 * @param {import("./login.js").Issuer} issuer
 * @param {string} raw
 * @returns {Promise<Token>}
 */
async function readToken(issuer, raw) {
  const jwt = decodeJwt(raw);
  if (!jwt) return { raw, jwt, verdict: undefined };
  // An instance changes its keys now and then; ask once more for a new one.
  const isKnown = issuer.keys.some(({ kid }) => kid === jwt.header.kid);
  const keys = isKnown ? issuer.keys : await fetchKeys(issuer.server);
  return { raw, jwt, verdict: await verifyJwt(jwt, keys) };
}

/**
 * @param {string} issuer
 * @param {{ user: unknown, since: number }} token
 * @returns {Promise<Background>}
 */
async function readBackground(issuer, token) {
  const [world, exchanges] = await Promise.all([
    readWorld(issuer),
    readExchanges(issuer, token),
  ]);
  const payload = exchanges[0]?.request.payload;
  const roles = payload ? await explainRoles(payload, world) : [];
  return { world, exchanges, roles };
}
