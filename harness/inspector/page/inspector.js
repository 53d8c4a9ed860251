// @ts-check
/**
 * The token inspector: logging in, the state of the page, and its actions.
 *
 * @module
 */
import { callsView } from "./calls_view.js";
import { chainView } from "./chain_view.js";
import { editorOf, sayUnsaved } from "./editor.js";
import { Edits, rowId } from "./edits.js";
import { button, focus, h, redraw, typed } from "./element.js";
import { actionUnderWay, clearFeedback, feedbackAt, run, say } from "./feedback.js";
import { identityView } from "./identity_view.js";
import { joinScopes } from "./instance.js";
import { decodeJwt } from "./jwt.js";
import * as login from "./login.js";
import { answerView, questionView } from "./question_view.js";
import { machineTokens, readWorld, saveChanges } from "./sandbox.js";
import { ask, explained, openSession } from "./session.js";
import { startView } from "./start_view.js";
import { tokensView } from "./tokens_view.js";
import { formatTimeLeft, judge } from "./verdict.js";
import { verdictView } from "./verdict_view.js";
import { counted, shortList } from "./words.js";
/** @import { Session } from "./session.js" */
/** @import { Context, Finding, Fix, Login, Place, Settings, Tokens } from "../types.ts" */

const CALLBACK_PATH = "/callback";
const REDIRECT_URI = location.origin + CALLBACK_PATH;
const TICK_MS = 1000;

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
/** @type {Settings} */
const settings = JSON.parse(document.getElementById("settings")?.textContent ?? "");
const { host } = new URL(settings.issuer);
const now = () => Date.now() + (session?.clockOffset ?? 0);

/** @type {Context} */
const context = { settings, server: { issuer: settings.issuer }, keys: [] };
/** @type {Session | undefined} */
let session;
const edits = new Edits();
/** @type {Finding | undefined} To the permission that is asked about. */
let answer;
/** What was judged last: it changes when the token expires. */
let judged = 0;
let isNavigating = false;

document.getElementById("where")?.replaceChildren(h("span.pill", settings.sandbox ? "Sandbox" : "ZITADEL"), host);
setInterval(tick, TICK_MS);
addEventListener("beforeunload", (event) => {
  if (edits.changed.length > 0 && !isNavigating) event.preventDefault();
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
  edits.list = pending.edits ?? [];
  edits.isOpen = edits.list.length > 0;
  redraw(main, h("h1", "Logging in…"), h("div.feedback", { id: "start-feedback" }));
  await act({ button: "", doing: "", place: "start", failure: "The login failed." }, async () => {
    await discover();
    const tokens = await explained(settings, () => login.finishLogin(context.server, pending, url));
    await open({ login: pending, tokens });
    report("renew", "Logged in.");
  });
  if (!session) return await showStart(true);
  focus("who");
}

/** Reads the discovery document, once. */
async function discover() {
  if (context.server.token_endpoint) return;
  context.server = await login.discover(settings.issuer);
}

/** Shows who can log in. @param {boolean} [isFailed] Then the reason and the edits stay. @returns {Promise<void>} */
async function showStart(isFailed) {
  session = answer = undefined;
  if (!isFailed) {
    edits.list = [];
    edits.isOpen = false;
    clearFeedback();
  }
  try {
    const world = settings.sandbox ? await readWorld(settings.issuer) : undefined;
    const feedback = feedbackAt("start");
    redraw(main, startView({ settings, world, redirectUri: REDIRECT_URI, feedback, onLogin, onPaste }));
  } catch (error) {
    redraw(
      main,
      h("h1", { tabindex: -1 }, `${host} does not answer`),
      h("p.lead", login.describeError(error)),
      h("p.lead", "This page holds no token. Check that ZITADEL runs, then try again."),
      h("p", button("button.primary", "retry", "Retry", () => showStart())),
    );
  }
}

/** @param {Login} wanted @param {Place} [place] */
function onLogin(wanted, place = "start") {
  const id = place === "renew" ? "renew" : wanted.machine ? `as-${wanted.loginHint}` : "login";
  return act(
    { button: id, doing: place === "renew" ? "Logging in…" : "", place, failure: "The login cannot start." },
    async () => {
      await logIn(wanted);
      if (!session) return;
      report("renew", "Logged in.");
      if (place === "start") focus("who");
    },
  );
}

/** A service user gets its tokens at once, a person by ZITADEL's login page. @param {Login} wanted */
async function logIn(wanted) {
  await discover();
  if (wanted.machine) {
    return await open({
      login: wanted,
      tokens: await explained(settings, () => machineTokens(settings.issuer, wanted)),
    });
  }
  isNavigating = true;
  // A browser that knows one user should not choose for the person.
  const prompt = settings.sandbox || wanted.loginHint ? undefined : "select_account";
  await login.startLogin(context.server, { ...wanted, prompt, edits: edits.changed });
}

/** @param {string} text */
function onPaste(text) {
  const token = text.replace(/^Bearer\s+/i, "");
  if (!decodeJwt(token)) {
    const what = "one has three parts, separated by dots. An opaque token has nothing inside to show";
    return say("start", `This is not a JWT: ${what}.`, { tone: "bad" });
  }
  const failure = "The token cannot be read.";
  return act({ button: "read-token", doing: "Reading…", place: "start", failure }, async () => {
    await discover().catch(() => {});
    await open({ tokens: { access_token: token } });
    report("renew", "Token read.");
    focus("who");
  });
}

/** Opens a session of new tokens and shows it. @param {{ login?: Login, tokens: Tokens }} news */
async function open(news) {
  const begun = actionUnderWay();
  const question = document.getElementById("question") ? typed("question") : "";
  const opened = await openSession(context, news, session);
  const answered = await ask(opened, settings, question);
  if (begun !== actionUnderWay()) return;
  [session, answer] = [opened, answered];
  edits.takeOver(opened.organizations);
  draw();
}

function draw() {
  const shown = session;
  if (!shown) return;
  const isEditable = settings.sandbox && shown.login !== undefined && shown.organizations.length > 0;
  const onEdit = () => {
    edits.isOpen = true;
    draw();
    focus(main.querySelector(".edit input")?.id ?? "add");
  };
  const onAsk = async (/** @type {string} */ permission) => {
    const asked = await ask(shown, settings, permission).catch(() => undefined);
    // Answers of what was typed before come too late.
    if (session !== shown || typed("question") !== permission) return;
    answer = asked;
    document.getElementById("answer")?.replaceChildren(/** @type {Node} */ (answerView(shown, answer, fix)));
  };
  const editing = { session: shown, feedback: feedbackAt("save"), draw, onSave };
  judged = judge(shown, settings, now()).status;
  redraw(
    main,
    identityView(shown, feedbackAt("renew"), {
      onRenew,
      onLogin: (scope) => shown.login && onLogin({ ...shown.login, scope }, "renew"),
      onLeave,
    }),
    questionView(shown, { answer, onAsk, onFix: fix }),
    verdictView(shown, settings, now(), fix),
    chainView(
      shown,
      isEditable && edits.isOpen ? editorOf(edits, editing) : undefined,
      isEditable ? onEdit : undefined,
    ),
    tokensView(shown, settings, () => onUserinfo(shown)),
    callsView(shown),
  );
  tick();
}

/** @param {Session} shown */
async function onUserinfo(shown) {
  if (shown.userinfo || !shown.login) return;
  shown.userinfo = await login.askUserinfo(context.server, shown.access.raw);
  if (session === shown) draw();
}

function onRenew() {
  const failure = "There is no new token.";
  return act({ button: "renew", doing: "Getting a new token…", place: "renew", failure }, async () => {
    await renew();
    report("renew", "");
  });
}

/** Gets new tokens. */
async function renew() {
  const before = session;
  if (!before?.login) return;
  const { refresh_token } = before.tokens;
  if (!refresh_token) {
    return await logIn({ ...before.login, loginHint: before.login.loginHint ?? before.user?.userName });
  }
  const begun = actionUnderWay();
  await discover();
  const tokens = await explained(
    settings,
    () => login.refreshTokens(context.server, before.login?.clientId ?? "", refresh_token),
  );
  if (begun !== actionUnderWay()) return;
  // The old refresh token is used up now, even if what follows fails.
  before.tokens = { ...before.tokens, ...tokens };
  await open({ login: before.login, tokens: before.tokens });
}

function onSave() {
  edits.isChecked = true;
  const wrong = edits.changed.find((edit) => edits.problem(edit));
  if (wrong) {
    draw();
    focus(wrong.isNew && !edits.problem(wrong).startsWith("This begins") ? `${wrong.id}-key` : wrong.id);
    return say("save", "Not saved. Correct the marked row first.", { tone: "bad" });
  }
  return act({ button: "save", doing: "Saving…", place: "save", failure: "Not saved." }, save);
}

async function save() {
  const { issuer } = settings;
  const isChange = edits.changed.length > 0;
  const results = [];
  for (const { id } of edits.organizations) {
    const changes = edits.changesOf(id);
    if (changes.length > 0) results.push(await saveChanges(issuer, id, changes));
  }
  const focused = edits.list.find(({ id }) => document.activeElement?.id.startsWith(id));
  const { organizations } = await readWorld(issuer);
  const ids = edits.organizations.map(({ id }) => id);
  edits.takeOver(organizations.filter(({ id }) => ids.includes(id)));
  if (results.some(({ saved }) => !saved)) {
    draw();
    const conflicts = edits.changed.map((edit) => edits.conflict(edit)).filter(Boolean).join("; ");
    const text = `Not saved, because the mapping was changed elsewhere: ${conflicts}. Your edits are kept.`;
    return say("save", `${text} Check them, then save again.`, { tone: "bad" });
  }
  edits.isChecked = false;
  const isLate = results.some(({ told }) => !told);
  const late = isLate ? " The function was not told of the change, and may use the old mapping for a minute." : "";
  try {
    await renew();
  } catch (error) {
    draw();
    return fail("save", "Saved, but there is no new token.", error);
  }
  if (focused?.isNew === false) focus(rowId(focused));
  report("save", isChange ? "Saved." : "Nothing to save.", late);
}

/** Deletes the tokens and shows the start; asks first if edits would be lost. */
async function onLeave() {
  const { length } = edits.changed;
  if (length > 0 && !confirm(`Switching discards ${counted(length, "unsaved change")} of the mapping.`)) return;
  await showStart();
  main.querySelector("h1")?.focus();
}

/** @param {Fix} cure */
function fix({ renew: isRenewal, scopes = "", clientId, add = [], edit }) {
  const begun = session?.login;
  if (isRenewal) return onRenew();
  if (begun && (scopes || clientId)) {
    const scope = joinScopes(begun.scope, scopes);
    return onLogin({ ...begun, ...(clientId && { clientId }), scope, loginHint: session?.user?.userName }, "renew");
  }
  const [first = edit] = add;
  if (!first) return;
  for (const name of add) edits.addExample(name, !session?.roles.some(({ role }) => role === name.key));
  edits.isOpen = true;
  draw();
  sayUnsaved(edits);
  focus(rowId(first));
}

/** Says what came of it. @param {Place} place @param {string} what @param {string} [more] */
function report(place, what, more = "") {
  if (!session) return;
  const { items, added, gone, diagnosis } = session;
  if (diagnosis && !diagnosis.tone) {
    return say(place, `${what}${more}`.trim(), { spoken: `${what} ${diagnosis.title}.` });
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
  const isOver = login.isSessionOver(error) && session?.login;
  const reason = isOver ? "ZITADEL no longer accepts the refresh token of this login." : login.describeError(error);
  say(place, `${failure} ${reason}`, {
    tone: "bad",
    action: isOver ? button("button.quiet.small", "again", "Log in again", () => onLogin(isOver, "renew")) : undefined,
  });
}

/** @param {{ button: string, doing: string, place: Place, failure: string }} action @param {() => Promise<void>} work */
function act({ failure, ...action }, work) {
  const onError = (/** @type {unknown} */ error) => fail(action.place, failure, error);
  return run({ ...action, work, waitsFor: `ZITADEL at ${host}, which asks the function`, onError });
}

/** Shows the time that is left, and judges again once it is over. */
function tick() {
  const exp = Number(session?.access.jwt?.claims.exp);
  const time = document.getElementById("time");
  if (!session || !time || !exp) return;
  const left = exp * 1000 - now();
  time.textContent = formatTimeLeft(left);
  time.classList.toggle("over", left <= 0);
  if (judge(session, settings, now()).status !== judged) draw();
}
