// @ts-check
/**
 * What is known about the tokens at hand.
 *
 * @module
 */
import { API_SCOPE, callFromClaims, readOrganization } from "./instance.js";
import { decodeJwt, signatureProblem } from "./jwt.js";
import { askUserinfo, fetchKeys, isRefusal } from "./login.js";
import { readPermissions } from "./read_permissions.js";
import { readExchanges, readOrigin, readWorld } from "./sandbox.js";
/** @import { ApiResult, Context, Explanation, Finding, Item, Login, Question, Settings, Token, Tokens } from "../types.ts" */

/**
 * Reads and checks new tokens, and finds out where their claims come from.
 *
 * @param {Context} context
 * @param {{ login?: Login, tokens: Tokens }} news The login is missing for a pasted token.
 * @param {{ items: readonly Item[], name: string }} [before] The session whose tokens they replace.
 */
export async function openSession(context, { login: given, tokens }, before) {
  const { settings, server } = context;
  const { issuer, claim } = settings;
  const access = await readToken(context, tokens.access_token);
  const id = tokens.id_token === undefined ? undefined : await readToken(context, tokens.id_token);
  const isOurs = given !== undefined || access.jwt?.claims.iss === issuer;
  const [world, origin] = settings.sandbox && isOurs
    ? await Promise.all([readWorld(issuer), readOrigin(issuer, access.raw)])
    : [];
  const isAsked = given && (!access.jwt || !settings.sandbox);
  const userinfo = isAsked ? await askUserinfo(server, access.raw) : undefined;
  const claims = { ...id?.jwt?.claims, ...access.jwt?.claims, ...userinfo?.claims };
  const user = world?.users.find((it) => it.id === claims.sub);
  const login = given ?? (origin && user && {
    clientId: origin.clientId,
    scope: origin.scope,
    redirectUri: `${location.origin}/callback`,
    loginHint: user.userName,
    machine: user.isMachine ? user.id : undefined,
  }) ?? undefined;
  const exchanges = origin?.exchanges;
  const value = (access.jwt?.claims ?? userinfo?.claims ?? {})[claim];
  const items = readPermissions(value) ?? [];
  const app = world?.apps.find((it) => it.clientId === login?.clientId);
  const call = exchanges?.[0]?.request.payload ?? callFromClaims(claims, login?.clientId);
  const grant = call?.user_grants?.find(({ project_id }) => project_id === (app?.projectId || settings.projectId)) ??
    call?.user_grants?.[0];
  const projects = world?.projects ?? [{ id: settings.projectId, name: settings.projectName }];
  const audience = [access.jwt?.claims.aud ?? []].flat().map(String);
  /** @type {Question} */
  const question = {
    claim: value === undefined ? "missing" : !readPermissions(value) ? "odd" : items.length === 0 ? "empty" : "filled",
    isOpaque: !access.jwt,
    issuedAt: Number(access.jwt?.claims.iat ?? 0) * 1000,
    userinfo: userinfo && { hasClaim: userinfo.claims?.[claim] !== undefined, error: userinfo.error },
    organizations: world?.organizations ?? [],
    place: settings.api ?? {
      project: app?.projectId || settings.projectId || grant?.project_id || "",
      organization: grant?.resource_owner ?? "",
    },
    call,
    exchanges,
    items,
    audience,
    login,
    user,
    projects,
  };
  const mayRead = login?.scope.includes(API_SCOPE);
  const background = world
    ? await explain(question)
    : await explainFromOutside(question, settings, mayRead ? access.raw : "");
  const names = namesOf(items);
  const former = before ? namesOf(before.items) : names;
  return {
    ...background,
    login,
    tokens,
    access,
    id,
    userinfo,
    projects,
    user,
    exchanges,
    items,
    place: question.place,
    apps: world?.apps ?? [],
    name: user?.displayName ?? String(claims.name ?? before?.name ?? claims.sub ?? "This token"),
    added: names.filter((name) => !former.includes(name)),
    gone: former.filter((name) => !names.includes(name)),
    results: settings.api && isOurs ? await callApi(access.raw).catch(() => undefined) : undefined,
  };
}

/** @param {readonly Item[]} items */
function namesOf(items) {
  return [...new Set(items.map(({ permission }) => permission))];
}

/** Has the example API called. @param {string} accessToken @returns {Promise<ApiResult[]>} */
async function callApi(accessToken) {
  const response = await fetch("/api-calls", { method: "POST", headers: { authorization: `Bearer ${accessToken}` } });
  if (!response.ok) throw new Error(`The API cannot be called: HTTP ${response.status}`);
  return await response.json();
}

/** @param {Context} context @param {string} raw @returns {Promise<Token>} */
async function readToken(context, raw) {
  const jwt = decodeJwt(raw);
  if (!jwt) return { raw, jwt, problem: "" };
  // An instance changes its keys now and then: read them again for a new one.
  if (!context.keys.some(({ kid }) => kid === jwt.header.kid)) {
    try {
      context.keys = await fetchKeys(context.server);
    } catch {
      return { raw, jwt, problem: "Its signature is not checked: ZITADEL's keys could not be read" };
    }
  }
  return { raw, jwt, problem: await signatureProblem(jwt, context.keys) };
}

/**
 * Asks about one permission, by the mapping as it is now.
 *
 * @param {{ question: Question, diagnosis?: Finding | undefined, user: unknown }} session
 * @param {Settings} settings
 * @param {string} permission
 */
export async function ask({ question, diagnosis, user }, { issuer, sandbox }, permission) {
  if (!permission || diagnosis?.isBroken) return undefined;
  const { organizations } = sandbox && user ? await readWorld(issuer) : question;
  return (await postQuestion({ ...question, organizations, permission })).answer;
}

/** @param {Question} question @returns {Promise<Explanation>} */
async function postQuestion(question) {
  const response = await fetch("/explain", { method: "POST", body: JSON.stringify(question) });
  if (!response.ok) throw new Error(`This page’s server cannot explain: ${await response.text()}`);
  const clockOffset = Date.parse(response.headers.get("date") ?? "") - Date.now() || 0;
  return { clockOffset, ...(await response.json()) };
}

/**
 * Has the server explain the roles by the function's own code.
 *
 * @param {Question} question
 * @param {string} [mappingNote]
 */
async function explain(question, mappingNote = "") {
  const { organizations: wanted, ...answer } = await postQuestion(question);
  const organizations = question.organizations.filter(({ id }) => wanted.includes(id));
  return { ...answer, question, mappingNote, wanted, organizations };
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
  if (!accessToken || !question.call) return blind;
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

/**
 * Requests tokens; a refusal because the function failed says so.
 *
 * @template T
 * @param {Settings} settings
 * @param {() => Promise<T>} request
 */
export async function explained({ sandbox, issuer }, request) {
  try {
    return await request();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const calls = sandbox ? await readExchanges(issuer) : null;
    const asked = calls?.filter(({ condition }) => condition.startsWith("function/"));
    const response = await fetch("/refusal", { method: "POST", body: JSON.stringify(asked ?? null) });
    /** @type {Finding | null} */
    const cause = response.ok ? await response.json() : null;
    if (!cause) throw error;
    throw new Error(`${cause.title}: ${cause.text.replace(/\.$/, "")}`, { cause: error });
  }
}

/** @typedef {Awaited<ReturnType<typeof openSession>>} Session */
