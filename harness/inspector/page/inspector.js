// @ts-check
/**
 * The token inspector: logging in, the state of the page, and its actions.
 *
 * @module
 */
import { apiPlace, apiView, callApi } from "./api_view.js";
import { callsView } from "./calls_view.js";
import { chainView } from "./chain_view.js";
import { formatTimeLeft } from "./describe_claim.js";
import { changesOf } from "./draft.js";
import { Editor } from "./editor.js";
import { button, h, redraw } from "./element.js";
import { clearFeedback, feedbackAt, run, say } from "./feedback.js";
import { identityView } from "./identity_view.js";
import { joinScopes } from "./instance.js";
import { decodeJwt } from "./jwt.js";
import * as login from "./login.js";
import { eventArrives, readWorld, saveChanges } from "./sandbox.js";
import { askUserinfo, openSession } from "./session.js";
import { startView } from "./start_view.js";
import { tokensView } from "./tokens_view.js";
import { counted, shortList } from "./words.js";
/** @import { ApiResult, Context, Fix, Place, Session, Settings, Tab, World } from "../types.ts" */

const CALLBACK_PATH = "/callback";
const REDIRECT_URI = location.origin + CALLBACK_PATH;
const TICK_MS = 1000;

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
/** @type {Settings} */
const settings = JSON.parse(document.getElementById("settings")?.textContent ?? "");
const { host } = new URL(settings.issuer);

/** @type {Context} */
const context = { settings, server: { issuer: settings.issuer }, keys: [] };
/** @type {Session | undefined} */
let session;
const editor = new Editor(draw);
/** @type {World | undefined} */
let world;
/** @type {readonly ApiResult[] | undefined} */
let results;
let code = "";
let tried = "";
/** @type {Tab} */
let tab = "access";
let isLeaving = false;
let isNavigating = false;
/** Counts the times that the tokens were deleted: what was asked for before does not bring them back. */
let generation = 0;

document.getElementById("where")?.replaceChildren(h("span.pill", settings.sandbox ? "Sandbox" : "ZITADEL"), host);
setInterval(tick, TICK_MS);
addEventListener("beforeunload", (event) => {
  if (editor.count > 0 && !isNavigating) event.preventDefault();
});
await start();

async function start() {
  const url = new URL(location.href);
  if (url.pathname !== CALLBACK_PATH) return await showStart();
  const pending = login.takePendingLogin();
  const query = new URLSearchParams({ client_id: pending?.clientId ?? "" });
  // The code must not stay in the address bar or the history.
  history.replaceState(null, "", settings.sandbox || !pending ? "/" : `/?${query}`);
  if (!pending) {
    await showStart();
    return say("start", "This login was not started in this tab. Start it here.", { tone: "bad" });
  }
  editor.restore(pending.draft);
  await act({ button: "", doing: "", place: "start", failure: "The login failed." }, async () => {
    const since = Date.now();
    await discover();
    const tokens = await login.finishLogin(context.server, pending, url);
    await open({ login: pending, tokens, since });
    report("renew", "Logged in.");
  });
  if (!session) return await showStart(true);
  document.getElementById("who")?.focus();
}

/** Reads the discovery document, once. */
async function discover() {
  if (context.server.token_endpoint) return;
  context.server = await login.discover(settings.issuer);
}

/** Shows who can log in. @param {boolean} [isFailed] Then the reason and the edits stay. @returns {Promise<void>} */
async function showStart(isFailed) {
  session = undefined;
  generation++;
  isLeaving = false;
  if (!isFailed) {
    editor.clear();
    clearFeedback();
  }
  try {
    world = settings.sandbox ? await readWorld(settings.issuer) : undefined;
  } catch (error) {
    return redraw(
      main,
      h("h1", { tabindex: -1 }, `${host} does not answer`),
      h("p.lead", login.describeError(error)),
      h("p.lead", "This page holds no token. Check that ZITADEL runs, then try again."),
      h(
        "p",
        button("button.primary", "retry", "Retry", () => showStart()),
      ),
    );
  }
  redraw(
    main,
    h(
      "div.start",
      ...startView({
        settings,
        world,
        redirectUri: REDIRECT_URI,
        feedback: feedbackAt("start"),
        onLogin: (choice) =>
          act(
            { button: "login", doing: "Logging in…", place: "start", failure: "The login cannot start." },
            // A browser that knows one user should not choose for the person.
            () => goToLogin({ ...choice, ...(!settings.sandbox && { prompt: "select_account" }) }),
          ),
        onPaste: paste,
      }),
    ),
  );
}

/** @param {{ clientId: string, scope: string, loginHint?: string | undefined, prompt?: string }} choice */
async function goToLogin(choice) {
  await discover();
  isNavigating = true;
  await login.startLogin(context.server, {
    ...choice,
    redirectUri: REDIRECT_URI,
    draft: editor.count > 0 ? editor.draft : undefined,
  });
}

/** Logs the same user in again. @param {{ clientId?: string, scopes?: readonly string[], scope?: string }} change */
function loginAgain({ clientId, scopes = [], scope }) {
  const begun = session?.login;
  if (!begun) return;
  return act(
    { button: "renew", doing: "Logging in…", place: "renew", failure: "The login cannot start." },
    () =>
      goToLogin({
        clientId: clientId ?? begun.clientId,
        scope: joinScopes(scope ?? begun.scope, ...scopes),
        loginHint: session?.user?.userName,
      }),
  );
}

/** @param {string} text */
function paste(text) {
  const token = text.replace(/^Bearer\s+/i, "");
  const jwt = decodeJwt(token);
  if (!jwt) {
    return say(
      "start",
      "This is not a JWT: one has three parts, separated by dots. An opaque token has nothing inside to show.",
      { tone: "bad" },
    );
  }
  return act(
    { button: "read-token", doing: "Reading…", place: "start", failure: "The token cannot be read." },
    async () => {
      await discover().catch(() => {});
      const expiresAt = Number(jwt.claims.exp) * 1000 || undefined;
      await open({ tokens: { accessToken: token, idToken: undefined, refreshToken: undefined, expiresAt }, since: 0 });
      const { iss } = jwt.claims;
      if (iss === settings.issuer) report("renew", "Token read.");
      else {
        say("renew", `This token is from ${iss}, and this page is for ${settings.issuer}.`, { tone: "bad" });
      }
      document.getElementById("who")?.focus();
    },
  );
}

/** Opens a session of new tokens and shows it. @param {Parameters<typeof openSession>[1]} news */
async function open(news) {
  const begun = generation;
  const opened = await openSession(context, news, session);
  if (begun !== generation) return;
  session = opened;
  const place = new URLSearchParams({ ...apiPlace(opened, settings) });
  [results, code] = await Promise.all([
    settings.api && news.login && opened.access.jwt ? callApi(opened.access.raw).catch(() => undefined) : undefined,
    fetch(`/check.js?${place}`).then((it) => it.text()),
  ]);
  if (begun !== generation) return;
  const isEditable = settings.sandbox && news.login && opened.organizations.length > 0;
  if (isEditable) editor.takeOver(opened, opened.organizations);
  else editor.clear();
  draw();
}

function draw() {
  const shown = session;
  if (!shown) return;
  redraw(
    main,
    identityView(
      shown,
      { feedback: feedbackAt("renew"), isLeaving: isLeaving ? editor.count : 0 },
      {
        onRenew: () =>
          act(
            { button: "renew", doing: "Getting a new token…", place: "renew", failure: "There is no new token." },
            async () => {
              await renew();
              report("renew", "");
            },
          ),
        onLogin: () =>
          loginAgain({ scope: /** @type {HTMLTextAreaElement} */ (document.getElementById("scope")).value }),
        onLeave: leave,
        onStay: () => {
          isLeaving = false;
          draw();
          document.getElementById("leave")?.focus();
        },
      },
    ),
    chainView({
      session: shown,
      draft: editor.draft,
      problems: editor.problems,
      feedback: feedbackAt("save"),
      actions: {
        onType: (row, part) => editor.type(row, part),
        onRaw: (row) => editor.toggleRaw(row),
        onRemove: (row) => editor.remove(row),
        onAdd: () => editor.add(shown.organizations[0]?.id),
        onUndo: () => editor.undo(),
        onSave: save,
        onFix: fix,
      },
    }),
    apiView({ session: shown, settings, results, code, tried, onTry: (text) => (tried = text) }),
    tokensView({ session: shown, settings, selected: tab, onSelect: select }),
    callsView(shown.exchanges),
  );
  tick();
}

/** @param {Tab} selected */
async function select(selected) {
  tab = selected;
  draw();
  const shown = session;
  if (tab !== "userinfo" || !shown?.login || shown.userinfo) return;
  shown.userinfo = await askUserinfo(context.server, shown.access.raw);
  if (session === shown) draw();
}

/** Gets new tokens. */
async function renew() {
  const before = session;
  if (!before?.login) return;
  const { refreshToken } = before.tokens;
  const { clientId, scope } = before.login;
  if (!refreshToken) {
    return await goToLogin({ clientId, scope, loginHint: before.user?.userName });
  }
  const [since, begun] = [Date.now(), generation];
  await discover();
  const tokens = await login.refreshTokens(context.server, clientId, refreshToken);
  if (begun !== generation) return;
  // The old refresh token is used up now, even if what follows fails.
  before.tokens = { ...tokens, idToken: tokens.idToken ?? before.tokens.idToken };
  await open({ login: before.login, tokens, since });
}

async function save() {
  const { draft } = editor;
  if (!draft || !editor.check()) return;
  await act({ button: "save", doing: "Saving…", place: "save", failure: "Not saved." }, async () => {
    const since = Date.now();
    const changes = changesOf(draft);
    const { issuer } = settings;
    let isDone = true;
    for (const [organization, list] of changes) {
      isDone = isDone && (await saveChanges(issuer, organization, list));
    }
    world = await readWorld(issuer);
    if (!session) return;
    const ids = session.organizations.map(({ id }) => id);
    const differences = editor.takeOver(session, world.organizations.filter(({ id }) => ids.includes(id)));
    if (!isDone) {
      draw();
      return say(
        "save",
        `Not saved, because the mapping was changed elsewhere: ${
          differences.join("; ")
        }. Your edits are kept. Check them, then save again.`,
        { tone: "bad" },
      );
    }
    const isTold = changes.size === 0 || (await eventArrives(issuer, since));
    const late = isTold ? "" : " The function was not told of the change, and may use the old mapping for a minute.";
    try {
      await renew();
    } catch (error) {
      draw();
      return fail("save", "Saved, but there is no new token.", error);
    }
    const changedElsewhere = differences.length > 0 ? ` Changed elsewhere: ${differences.join("; ")}.` : "";
    report("save", changes.size > 0 ? `Saved.${changedElsewhere}` : `Nothing to save.${changedElsewhere}`, late);
  });
}

/** Deletes the tokens and shows the start; asks first if edits would be lost. */
async function leave() {
  if (editor.count > 0 && !isLeaving) {
    isLeaving = true;
    draw();
    return document.getElementById("stay")?.focus();
  }
  await showStart();
  main.querySelector("h1")?.focus();
}

/** @param {Fix} cure */
function fix(cure) {
  const { scopes, clientId } = cure;
  if (cure.renew) document.getElementById("renew")?.click();
  else if (scopes || clientId) loginAgain({ ...(clientId && { clientId }), ...(scopes && { scopes }) });
  else editor.fix(cure);
}

/** Says what came of it. @param {Place} place @param {string} what @param {string} [more] */
function report(place, what, more = "") {
  if (!session) return;
  const { items, added, gone, diagnosis } = session;
  if (diagnosis && !diagnosis.isNote) {
    return say(place, `${what} ${diagnosis.title}.${more}`.trim(), { tone: "bad" });
  }
  const changes = [added.length > 0 && `Added ${shortList(added)}.`, gone.length > 0 && `Removed ${shortList(gone)}.`]
    .filter(Boolean)
    .join(" ");
  const same = what === "Logged in." || what === "Token read." ? "" : "The permissions are the same.";
  say(place, `${what} ${changes || same}${more}`.trim(), {
    tone: more ? "muted" : "good",
    spoken: `${what} ${counted(items.length, "permission")}, ${added.length} added, ${gone.length} removed.${more}`,
  });
}

/** @param {Place} place @param {string} failure @param {unknown} error */
function fail(place, failure, error) {
  const isOver = login.isSessionOver(error) && session;
  const reason = isOver ? "ZITADEL no longer accepts the refresh token of this login." : login.describeError(error);
  say(place, `${failure} ${reason}`, {
    tone: "bad",
    action: isOver ? button("button.quiet.small", "again", "Log in again", () => loginAgain({})) : undefined,
  });
}

/** @param {{ button: string, doing: string, place: Place, failure: string }} action @param {() => Promise<void>} work */
function act({ failure, ...action }, work) {
  return run({
    ...action,
    work,
    waitsFor: `ZITADEL at ${host}`,
    onError: (error) => fail(action.place, failure, error),
  });
}

function tick() {
  const time = document.getElementById("time");
  const expiresAt = session?.tokens.expiresAt;
  if (!time || expiresAt === undefined) return;
  const left = expiresAt - Date.now();
  time.textContent = formatTimeLeft(left);
  time.classList.toggle("over", left <= 0);
}
